import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.ts';

/** What a timer can wait at most: 25 days. One that is to wait longer does not wait at all. */
export const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Whether the work is done when it is `byMs` on the monotonic clock; nobody waits for it any longer. */
export async function by(byMs: number, clock: Pick<Clock, 'monotonicMs'>, work: Promise<void>): Promise<boolean> {
  const timer = new AbortController();
  const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(0, byMs - clock.monotonicMs()));
  const late = sleep(waitMs, false, { signal: timer.signal });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
