import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';

const DELAY_MS = { first: 250, longest: 5_000 };

export interface Wait {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  readonly timeoutMs: number;
  /** Told what is waited for. */
  readonly onWait: (reason: string) => void;
  readonly signal: AbortSignal;
}

/** Somebody at an address; `short` is the name in "start the ...". */
export interface Whom {
  readonly name: string;
  readonly short: string;
  readonly at: string;
}

/**
 * Asks `whom`, again and again while nobody answers, at most `timeoutMs` long; undefined when the signal aborts first. Rejects with
 * what is wrong else, and `UNAVAILABLE` after that time.
 */
export async function waitForAnswer<T>(
  whom: Whom,
  { clock, log, timeoutMs, onWait, signal }: Wait,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (let delayMs = DELAY_MS.first; !signal.aborted; delayMs = Math.min(2 * delayMs, DELAY_MS.longest)) {
    try {
      return await ask();
    } catch (thrown) {
      const error = toAristarchError(thrown);
      if (error.code !== 'UNAVAILABLE') throw error;
      if (clock.monotonicMs() + delayMs > deadlineMs) throw unreachable(whom, timeoutMs, error);
      const missing = `no ${whom.name} answers at ${whom.at}`;
      onWait(missing);
      log.warn({ delayMs, error: error.message }, `${missing}; next attempt in ${delayMs} ms`);
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function unreachable({ name, short, at }: Whom, timeoutMs: number, cause: AristarchError): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    `no ${name} answered at ${at} within ${timeoutMs} ms: start the ${short}, or correct its address, TLS and credentials; ` +
      `the last attempt: ${cause.message}`,
    { timeoutMs },
    cause,
  );
}
