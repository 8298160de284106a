import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * A container's limit of CPU, as Linux's control groups have it: microseconds in so many. Version 2 says both in one file, "max" where there is
 * none (cgroup-v2.rst, "cpu.max"); version 1 in two, -1 where there is none (sched-bwc.rst).
 */
const LIMIT_FILES = [
  ['/sys/fs/cgroup/cpu.max'],
  ['/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '/sys/fs/cgroup/cpu/cpu.cfs_period_us'],
];

/**
 * Cores that may be busy at once for this process: those that it may run on, and no more than its container's limit, which Node 20 does not
 * look at. `files`: where that limit may stand.
 */
export function usableCores(cores: number = availableParallelism(), files: typeof LIMIT_FILES = LIMIT_FILES): number {
  const limits = files.map(readLimit).filter((limit) => limit > 0);
  return Math.min(cores, ...limits);
}

/** In cores; NaN or below 0 where there is none. */
function readLimit(files: readonly string[]): number {
  try {
    const [quota, period] = files.flatMap((file) => readFileSync(file, 'utf8').trim().split(' ')).map(Number);
    return quota! / period!;
  } catch {
    return NaN;
  }
}
