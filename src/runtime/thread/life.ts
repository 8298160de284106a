import { AristarchError } from '../../base/errors.ts';
import { startThread, type Thread } from '../../base/thread.ts';
import type { ThreadCalls } from './contract.ts';

/** One inference thread; throws `UNAVAILABLE` where it ends before it has answered. */
export type Life = Thread<ThreadCalls>;

const MAIN = new URL('./thread-main', import.meta.url);

/** Starts a thread; what it is asked meanwhile waits for it. */
export const startLife = (main = MAIN): Life => startThread({ name: 'inference', main, lost });

function lost(reason: string): AristarchError {
  const message = `the inference thread was lost before it answered (${reason}): send the rows again`;
  return new AristarchError('UNAVAILABLE', message, { reason });
}
