import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** A container's limit of CPU, as version 2 of Linux's control groups has it (cgroup-v2.rst, "cpu.max"): microseconds, or "max", in so many. */
const LIMIT_FILE = '/sys/fs/cgroup/cpu.max';

/**
 * Cores that may be busy at once for this process: those that it may run on, and no more than its container's limit, which Node 20 does not
 * look at. `file`: where that limit stands.
 */
export function usableCores(cores: number = availableParallelism(), file: string = LIMIT_FILE): number {
  const [quota, period] = readLimit(file).map(Number);
  const limit = quota! / period!;
  return limit > 0 ? Math.min(cores, limit) : cores;
}

function readLimit(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
