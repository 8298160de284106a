import { setTimeout as sleep } from 'node:timers/promises';
import type { AristarchError } from '../../base/errors.ts';

/** What `work` comes to; throws `late()` once so many milliseconds are over, and then nobody hears of it. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => AristarchError): Promise<T> {
  const timer = new AbortController();
  const ended = sleep(limitMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    timer.abort();
  }
}
