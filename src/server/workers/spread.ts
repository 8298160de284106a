import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { ChangeOrder, ModelChange } from './contract.ts';
import type { WorkerProcess } from './fork.ts';
import { within } from './time-limit.ts';

export interface Spreader {
  /**
   * All workers make a change: first the one whose caller asks, whose error is thrown and leaves the others as they are; then the
   * others, of whose errors the first one is thrown: the rest have changed then.
   */
  readonly spread: (order: ChangeOrder, from: WorkerProcess) => Promise<void>;
  /** Models that are out of service by a call: for workers that start later. */
  readonly unloaded: readonly string[];
}

export interface SpreaderParts {
  readonly running: () => readonly WorkerProcess[];
  readonly log: Pick<Logger, 'error'>;
  /** A worker that has not made a change after so many milliseconds is ended: nobody knows any more what it serves. */
  readonly limitMs?: number;
}

/** Opening the largest models takes seconds. */
export const CHANGE_MS = 120_000;

/** Makes changes one after the other, so that all workers see them in one order. */
export function createSpreader({ running, log, limitMs = CHANGE_MS }: SpreaderParts): Spreader {
  const unloaded = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  const ask = (worker: WorkerProcess, order: ChangeOrder): Promise<string> =>
    within(limitMs, worker.channel.ask('change', order), () => {
      const message = `worker ${worker.pid} has not made a change of models within ${limitMs / 1000} s: another takes its place`;
      log.error({ pid: worker.pid, limitMs }, message);
      worker.kill();
      return new AristarchError('DEADLINE_EXCEEDED', message, { limitMs });
    });
  const make = async ({ change, ticket }: ChangeOrder, from: WorkerProcess): Promise<void> => {
    const model = await ask(from, ticket === undefined ? { change } : { change, ticket });
    if ('unload' in change) unloaded.add(model);
    else unloaded.delete(model);
    const others = running().filter((worker) => worker !== from);
    const results = await Promise.allSettled(others.map((worker) => ask(worker, { change: named(change, model) })));
    // Whoever takes the place of one that is gone begins with what there is now.
    const failed = results.flatMap((result, at) =>
      result.status === 'rejected' && running().includes(others[at]!) ? [toAristarchError(result.reason)] : [],
    );
    if (failed.length === 0) return;
    const { code, message, data } = failed[0]!;
    const text = `${failed.length} of ${others.length + 1} workers did not follow, the others did: ${message}; ask again`;
    throw new AristarchError(code, text, data);
  };
  return {
    spread: (order, from) => {
      const made = last.then(() => make(order, from));
      last = made.catch(() => undefined);
      return made;
    },
    get unloaded() {
      return [...unloaded];
    },
  };
}

/** With the name of the model in place of none: whichever is the default one, all do the same. */
function named(change: ModelChange, model: string): ModelChange {
  return 'unload' in change ? { unload: model } : { load: { ...change.load, model } };
}
