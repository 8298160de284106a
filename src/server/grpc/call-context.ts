import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import { Metadata, status, type StatusObject } from './engine.ts';
import type { CallContext } from './handlers.ts';
import { toWireStatus } from './status.ts';

/** What handlers may know of a call of grpc-js. */
export function contextOf(
  call: { cancelled: boolean; getDeadline(): number | Date },
  clock: Clock,
  work: 'scored' | 'made' = 'scored',
): CallContext {
  const deadlineMs = Number(call.getDeadline());
  return {
    checkAlive: () => {
      if (clock.wallMs() >= deadlineMs) {
        throw new AristarchError('DEADLINE_EXCEEDED', `the deadline passed before the rows were ${work}`, {
          deadlineMs,
        });
      }
      if (call.cancelled) throw new AristarchError('CANCELLED', 'the caller cancelled the call');
    },
  };
}

/** A fault as grpc-js sends it; one of our own is written to the log. */
export function toServiceError(thrown: unknown, log: Logger): Partial<StatusObject> & Error {
  const error = toAristarchError(thrown);
  if (error.code === 'INTERNAL') log.error({ err: error }, 'a call failed through a fault of the server');
  const { code, details, metadata } = toWireStatus(error);
  const trailer = new Metadata();
  for (const [key, value] of Object.entries(metadata)) trailer.set(key, value);
  return Object.assign(new Error(details), { code: status[code], details, metadata: trailer });
}
