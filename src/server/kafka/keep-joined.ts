import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import { type Draw, spread } from './spread.ts';
import type { State } from './state.ts';

const DELAY_MS = { first: 250, longest: 10_000 };
/** How long a membership that has broken may take to end: the next one does not need it. */
const LEAVE_MS = 10_000;

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
  /** Spreads the waits of many processes. */
  readonly draw?: Draw | undefined;
}

/**
 * Begins a membership again and again until `signal` aborts: whoever calls by gRPC must not lose the process because brokers, or the
 * registry, cannot be reached or refuse it, and people may mend all of that without a restart. Waits in between, longer each time. Rejects where the group was not joined within
 * `timeoutMs`, with the code of the last fault.
 */
export async function keepJoined(parts: KeepJoinedParts, signal: AbortSignal): Promise<void> {
  const { state, clock, log, metrics, timeoutMs = Infinity, draw = Math.random } = parts;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  let mostMs = DELAY_MS.first;
  for (;;) {
    const begunMs = clock.monotonicMs();
    const error = await untilBroken(parts, deadlineMs - begunMs, signal);
    if (error === undefined || isOver(signal)) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - begunMs > DELAY_MS.longest && state.hasJoined()) mostMs = DELAY_MS.first;
    const delayMs = spread(mostMs, draw);
    if (!state.hasJoined() && nowMs + delayMs > deadlineMs) throw notJoined(timeoutMs, error);
    const why = `${state.hasJoined() ? 'lost Kafka' : 'not joined to Kafka yet'}: ${error.message}`;
    state.wait(why);
    metrics.retries.inc({ operation: 'join' });
    log.error({ code: error.code, delayMs }, `${why}; next attempt in ${delayMs} ms`);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    mostMs = Math.min(2 * mostMs, DELAY_MS.longest);
  }
}

/** What broke it, also that the group is not joined in so many milliseconds; undefined when the signal aborted first. */
async function untilBroken(
  parts: KeepJoinedParts,
  leftMs: number,
  signal: AbortSignal,
): Promise<AristarchError | undefined> {
  const { open, state, log } = parts;
  let end!: (error: AristarchError | undefined) => void;
  const ended = new Promise<AristarchError | undefined>((resolve) => (end = resolve));
  const onAbort = (): void => end(undefined);
  if (signal.aborted) return undefined;
  signal.addEventListener('abort', onAbort, { once: true });
  const late = leftMs === Infinity ? undefined : setTimeout(() => state.hasJoined() || end(notAMember()), leftMs);
  try {
    const session = await open(end);
    const error = await ended;
    if (error === undefined) await session.close();
    else await leave(session, log);
    return error;
  } catch (thrown) {
    return toAristarchError(thrown);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Neither its faults nor its length keep the next attempt, or the reason for it, from anybody. */
async function leave(session: Session, log: Logger): Promise<void> {
  const tell = (error: AristarchError): void =>
    log.warn({ code: error.code }, `the broken membership of the Kafka group did not end well: ${error.message}`);
  const waiting = new AbortController();
  const closing = session.close().catch((thrown: unknown) => tell(toAristarchError(thrown)));
  const tooLong = sleep(LEAVE_MS, undefined, waiting).then(
    () => tell(new AristarchError('DEADLINE_EXCEEDED', `it still runs after ${LEAVE_MS} ms`)),
    () => undefined,
  );
  await Promise.race([closing, tooLong]);
  waiting.abort();
}

function notAMember(): AristarchError {
  return new AristarchError('UNAVAILABLE', 'brokers answer, and the group gives the process no place');
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
