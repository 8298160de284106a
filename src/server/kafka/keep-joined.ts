import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import type { State } from './state.ts';

const DELAY_MS = { first: 250, longest: 10_000 };

/** One membership of the group, until it breaks. */
export interface Session {
  close(): Promise<void>;
}

export interface KeepJoinedParts {
  /** Begins a membership; `onBreak` is told when it has ended for good. Rejects when it cannot be begun. */
  readonly open: (onBreak: (error: AristarchError) => void) => Promise<Session>;
  readonly state: Pick<State, 'wait' | 'hasJoined'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  readonly metrics: Pick<Metrics['kafka'], 'retries'>;
  /** How long it may take until the group is joined for the first time; undefined for as long as it takes. */
  readonly timeoutMs: number | undefined;
}

/**
 * Begins a membership again and again until `signal` aborts: whoever calls by gRPC must not lose the process because brokers, or the
 * registry, cannot be reached or refuse it, and people may mend all of that without a restart. Rejects where the group was not joined within
 * `timeoutMs`, with the code of the last fault.
 */
export async function keepJoined(parts: KeepJoinedParts, signal: AbortSignal): Promise<void> {
  const { state, clock, log, metrics, timeoutMs = Infinity } = parts;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  let delayMs = DELAY_MS.first;
  for (;;) {
    const begunMs = clock.monotonicMs();
    const error = await untilBroken(parts.open, signal);
    if (error === undefined || isOver(signal)) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - begunMs > DELAY_MS.longest && state.hasJoined()) delayMs = DELAY_MS.first;
    if (!state.hasJoined() && nowMs + delayMs > deadlineMs) throw notJoined(timeoutMs, error);
    const why = `${state.hasJoined() ? 'lost Kafka' : 'not joined to Kafka yet'}: ${error.message}`;
    state.wait(why);
    metrics.retries.inc({ operation: 'join' });
    log.error({ code: error.code, delayMs }, `${why}; next attempt in ${delayMs} ms`);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(2 * delayMs, DELAY_MS.longest);
  }
}

/** What broke it; undefined when the signal aborted first. */
async function untilBroken(open: KeepJoinedParts['open'], signal: AbortSignal): Promise<AristarchError | undefined> {
  let end!: (error: AristarchError | undefined) => void;
  const ended = new Promise<AristarchError | undefined>((resolve) => (end = resolve));
  const onAbort = (): void => end(undefined);
  if (signal.aborted) return undefined;
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const session = await open(end);
    try {
      return await ended;
    } finally {
      await session.close();
    }
  } catch (thrown) {
    return toAristarchError(thrown);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Asked anew, which a compiler does not expect of a value that it has seen. */
const isOver = ({ aborted }: AbortSignal): boolean => aborted;

function notJoined(timeoutMs: number, cause: AristarchError): AristarchError {
  return new AristarchError(
    cause.code,
    `Kafka was not joined within ${timeoutMs} ms; the last attempt: ${cause.message}`,
    { ...cause.data, timeoutMs },
    cause,
  );
}
