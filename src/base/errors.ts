import { types } from 'node:util';

/**
 * The one error class of the project. A code says what kind of fault it is, so that each transport can map it once
 * (gRPC status, Kafka action, exit code) in a total table; the message names the wrong value and the remedy; `data`
 * carries the same facts for machines.
 */
export const ERROR_CODES = {
  INVALID_INPUT: 'a flag, setting, record or request has a value that cannot be used',
  SCHEMA_MISMATCH: 'columns or fields do not fit the schema of the model',
  DATA_UNREADABLE: 'a data file or address cannot be read',
  NOT_FOUND: 'a file, folder, model or column does not exist',
  ARTEFACT_INVALID: 'a model folder is corrupt, foreign, incomplete or of an unknown version',
  RATE_UNSUPPORTED: 'a false-positive rate is below what the calibration set supports',
  DEVICE_UNAVAILABLE: 'the device that was asked for cannot be used on this machine',
  TRAINING_DIVERGED: 'training produced NaN or exploded, and lowering the learning rate did not help',
  PRECONDITION_FAILED: 'the state on disk or in the process does not allow the operation',
  UNAUTHENTICATED: 'the caller has not shown who it is, or by something that does not hold',
  PERMISSION_DENIED: 'the caller is known and may not do this',
  RESOURCE_EXHAUSTED: 'a size or capacity limit is exceeded',
  DEADLINE_EXCEEDED: 'the caller gave up before the work was done',
  UNAVAILABLE: 'a service that is needed (a broker, a port, the model) is not there at present',
  CANCELLED: 'the work was stopped on request',
  INTERNAL: 'a fault in Aristarch itself',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class AristarchError extends Error {
  override readonly name = 'AristarchError';
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, data: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
  }
}

/** Any thrown value as an `AristarchError`; what is not one already is a fault of ours, `INTERNAL`. */
export function toAristarchError(thrown: unknown): AristarchError {
  if (thrown instanceof AristarchError) return thrown;
  return new AristarchError('INTERNAL', messageOf(thrown), {}, thrown);
}

/** What a thrown value says. Errors of another realm (a vm context, as Jest's) count too; for them `instanceof` is false. */
export function messageOf(thrown: unknown): string {
  return types.isNativeError(thrown) ? thrown.message : String(thrown);
}
