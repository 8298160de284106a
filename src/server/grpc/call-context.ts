import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import type { Security } from '../security/security.ts';
import { TRACE_METADATA, traceIdOf } from '../trace-context.ts';
import type { Tracing } from '../tracing/port.ts';
import { callerOf, type Callers } from './access.ts';
import type { ServerUnaryCall, StatusObject } from './engine.ts';
import { type CallContext, KEY_METADATA, PRIORITY_METADATA } from './handlers.ts';
import { toRefusal } from './trailers-only.ts';

/** What answering a call needs of the server. */
export interface AnswerParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly security: Pick<Security, 'rates'>;
  readonly callers: Callers;
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined;
}

/** What is asked of a call, of grpc-js or of the quick lane. */
interface AnyCall extends Pick<ServerUnaryCall<unknown, unknown>, 'cancelled' | 'getDeadline' | 'getPeer'> {
  readonly metadata: { get(key: string): readonly (string | Buffer)[] };
  readonly afterwards?: CallContext['afterwards'];
}

/** What handlers may know of a call. */
export function contextOf(
  call: AnyCall,
  { clock, security, callers }: AnswerParts,
  startSpan: CallContext['startSpan'],
  work: 'scored' | 'made' = 'scored',
): CallContext {
  const deadlineMs = Number(call.getDeadline());
  return {
    deadlineMs,
    priority: call.metadata.get(PRIORITY_METADATA)[0]?.toString(),
    key: call.metadata.get(KEY_METADATA)[0]?.toString(),
    startSpan,
    afterwards: call.afterwards,
    traceId: traceIdOf(call.metadata.get(TRACE_METADATA)[0]?.toString()),
    checkAlive: () => {
      if (clock.wallMs() >= deadlineMs) {
        throw new AristarchError('DEADLINE_EXCEEDED', `the deadline passed before the rows were ${work}`, {
          deadlineMs,
        });
      }
      if (call.cancelled) throw new AristarchError('CANCELLED', 'the caller cancelled the call');
    },
    countRequest: () => security.rates?.countRequest(callerOf(call, callers)),
    countRows: (rows) => security.rates?.countRows(callerOf(call, callers), rows),
    askAgain: () => callers.get(call.metadata)?.askAgain(),
  };
}

/** A fault as grpc-js sends it; one of our own is written to the log. */
export function toServiceError(thrown: unknown, log: Logger): StatusObject & Error {
  const error = toAristarchError(thrown);
  if (error.code === 'INTERNAL') log.error({ err: error }, 'a call failed through a fault of the server');
  const refusal = toRefusal(error);
  return Object.assign(new Error(refusal.details), refusal);
}
