import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
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

/** What Node says of memory, of which the process's control group (a container) may have less than the machine. */
export interface Memory {
  /** Bytes that the control group allows; 0, or more than the machine has, where it sets no limit. */
  readonly constrainedMemory: () => number;
  /** Bytes that are left of them, or of the machine's. */
  readonly availableMemory: () => number;
}

export function findMachine(folder: string = process.cwd(), memory: Memory = process): Machine {
  const limit = memory.constrainedMemory();
  return {
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    aristarch: readVersion(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: limit > 0 ? Math.min(totalmem(), limit) : totalmem(),
    freeMemoryBytes: memory.availableMemory(),
    freeDiskBytes: freeBytesOf(folder),
  };
}

function freeBytesOf(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
