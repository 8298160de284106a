import { setImmediate as nextTurn } from 'node:timers/promises';

/** Resolves in a turn of the event loop that nobody else has whom the same `Turn` lets in, in the order of the asking. */
export type Turn = () => Promise<void>;

/**
 * Turns for work that keeps the thread busy, part by part. Whoever waited for any next turn would share it with all who do the same:
 * the more there are, the longer nothing else is done, and the process seems dead.
 */
export function createTurns(): Turn {
  let last = Promise.resolve();
  return () => (last = last.then(() => nextTurn()));
}
