import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError } from '../../base/errors.ts';

/**
 * What a version on trial makes of `work`; throws `DEADLINE_EXCEEDED` once so many milliseconds are over. Nothing waits for what it
 * makes of it afterwards; `checkAlive` tells the work so.
 */
export async function inTime<T>(partMs: number, work: (checkAlive: () => void) => Promise<T>): Promise<T> {
  const timer = new AbortController();
  let isLate = false;
  const late = (): AristarchError =>
    new AristarchError('DEADLINE_EXCEEDED', `the candidate has not answered within ${Math.round(partMs)} ms`);
  const checkAlive = (): void => {
    if (isLate) throw late();
  };
  const ended = sleep(partMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    isLate = true;
    throw late();
  });
  try {
    return await Promise.race([work(checkAlive), ended]);
  } finally {
    timer.abort();
  }
}
