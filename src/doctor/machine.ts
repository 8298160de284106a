import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, release, totalmem } from 'node:os';
import { readVersion } from '../base/version.ts';

/** What a process of ours has to work with. */
export interface Machine {
  readonly system: string;
  readonly node: string;
  readonly aristarch: string;
  readonly processor: string;
  /** Cores that this process may use, which a container may have less of than the machine. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Where training writes; undefined where nobody says. */
  readonly freeDiskBytes: number | undefined;
}

export function findMachine(folder: string = process.cwd()): Machine {
  const limit = readMemoryLimit();
  return {
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    aristarch: readVersion(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: Math.min(totalmem(), limit),
    freeMemoryBytes: Math.min(freemem(), limit),
    freeDiskBytes: freeBytesOf(folder),
  };
}

/** Of the control group (a container), version 2 of them; infinite where there is none. */
function readMemoryLimit(path = '/sys/fs/cgroup/memory.max'): number {
  try {
    const limit = Number(readFileSync(path, 'utf8'));
    return Number.isFinite(limit) && limit > 0 ? limit : Infinity;
  } catch {
    return Infinity;
  }
}

function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
