import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { ModelChange } from './contract.ts';
import type { WorkerProcess } from './fork.ts';

export interface Spreader {
  /** All workers but the one that did it already do the same. Throws the first error of any; the others have changed then. */
  readonly spread: (change: ModelChange, from: WorkerProcess) => Promise<void>;
  /** Models that are out of service by a call: for workers that start later. */
  readonly unloaded: readonly string[];
}

/** Makes changes one after the other, so that all workers see them in one order. */
export function createSpreader(running: () => readonly WorkerProcess[]): Spreader {
  const unloaded = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const make = async (change: ModelChange, from: WorkerProcess): Promise<void> => {
    if ('unload' in change) unloaded.add(change.unload);
    else unloaded.delete(change.load.model);
    const others = running().filter((worker) => worker !== from);
    const results = await Promise.allSettled(others.map((worker) => worker.channel.ask('change', change)));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return;
    const { code, message, data } = toAristarchError(failed[0]!.reason);
    const text = `${failed.length} of ${others.length + 1} workers did not follow, the others did: ${message}; ask again`;
    throw new AristarchError(code, text, data);
  };
  return {
    spread: (change, from) => {
      const made = last.then(() => make(change, from));
      last = made.catch(() => undefined);
      return made;
    },
    get unloaded() {
      return [...unloaded];
    },
  };
}
