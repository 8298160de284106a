import { setImmediate as nextTurn } from 'node:timers/promises';
import type { InParts } from '../../base/in-parts.ts';

/** Where a process makes its models' row programs (single-row.ts), beside its answers. */
export interface RowPrograms {
  /** Rows of a model that came alone, after which it gets one. */
  readonly afterRows: number;
  /** Does such work when all before it is done; undefined where it was no longer wanted at one of its parts. */
  make<T>(work: RowProgramWork<T>): Promise<T | undefined>;
}

export interface RowProgramWork<T> {
  /** What is waited for, before the parts. */
  readonly read: () => Promise<Uint8Array>;
  /** Each is done in a turn of the event loop of its own. */
  readonly parts: (onnx: Uint8Array) => InParts<T>;
  readonly isWanted: () => boolean;
}

/**
 * About as many as lose, one by one, what the making of a program takes: who keeps to that never pays more than twice what was needed, whether a
 * model is asked once or for ever.
 */
const AFTER_ROWS = 500;

/** For one process, whose event loop is to be held by one work at a time, and by none for long. */
export function createRowPrograms(afterRows = AFTER_ROWS, later: () => Promise<void> = nextTurn): RowPrograms {
  let last: Promise<unknown> = Promise.resolve();
  const inTurns = async <T>({ read, parts, isWanted }: RowProgramWork<T>): Promise<T | undefined> => {
    if (!isWanted()) return undefined;
    const work = parts(await read());
    for (;;) {
      await later();
      if (!isWanted()) return undefined;
      const part = work.next();
      if (part.done === true) return part.value;
    }
  };
  return {
    afterRows,
    make: (work) => {
      const made = last.then(() => inTurns(work));
      // Whoever asked for it is told.
      last = made.catch(() => undefined);
      return made;
    },
  };
}
