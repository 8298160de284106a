import { AristarchError } from '../../base/errors.ts';

/** Why a job was not taken into the queue; `too_short`: its own rows alone take longer, and nobody else is there. */
export type Refusal = 'deadline' | 'too_short' | 'queue_full';

export interface AdmissionQuestion {
  readonly rows: number;
  /** Milliseconds until the caller's deadline; Infinity where it has none. */
  readonly remainingMs: number;
  /** Milliseconds until the job would be scored, if it were taken now. */
  readonly expectedMs: number;
  /** Whether nothing runs and nothing waits. */
  readonly isAlone: boolean;
  /**
   * Those that wait with its priority or a higher one. Who has a lower one takes nobody's place; with three priorities, three times
   * `maxQueueRows` may wait at most.
   */
  readonly queuedRows: number;
  readonly maxQueueRows: number;
}

/**
 * Share of the remaining time that may be planned for. The rest is for what the plan does not see: the way in and out, and
 * that the machine has other things to do. A shorter queue costs no throughput as long as it does not run empty.
 */
const PLANNED_SHARE = 0.6;

/** Of the milliseconds until a deadline, those that may be planned for. */
export const plannedMs = (remainingMs: number): number => PLANNED_SHARE * remainingMs;

/** Nobody should ask again sooner. */
export const SOONEST_RETRY_MS = 10;

/** Why the job should be refused at once, rather than be answered late; undefined where it should not. */
export function refusalOf(question: AdmissionQuestion): { reason: Refusal; error: AristarchError } | undefined {
  const { rows, remainingMs, expectedMs, isAlone, queuedRows, maxQueueRows } = question;
  if (queuedRows > 0 && queuedRows + rows > maxQueueRows) {
    const message =
      `${queuedRows} rows of this or a higher priority wait already and at most ${maxQueueRows} may: send again later, or send less at a time; ` +
      '--max-queue-rows is the limit';
    return { reason: 'queue_full', error: refused(message, expectedMs, { rows, queuedRows, maxQueueRows }) };
  }
  const mostMs = plannedMs(remainingMs);
  if (expectedMs <= mostMs) return undefined;
  const message =
    `the ${rows} rows would be scored in about ${expectedMs.toFixed(1)} ms, and the call has ${remainingMs.toFixed(1)} ms left: ` +
    (isAlone ? 'send fewer at a time, or with a longer deadline' : 'send again later, or with a longer deadline');
  const retryAfterMs = expectedMs - mostMs;
  const reason = isAlone ? 'too_short' : 'deadline';
  return { reason, error: refused(message, retryAfterMs, { rows, expectedMs, remainingMs }) };
}

function refused(message: string, retryMs: number, data: Record<string, unknown>): AristarchError {
  const retryAfterMs = Math.ceil(Math.max(SOONEST_RETRY_MS, retryMs));
  return new AristarchError('RESOURCE_EXHAUSTED', message, { ...data, retryAfterMs });
}
