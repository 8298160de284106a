import { type ErrorCode, toAristarchError } from '../../base/errors.ts';
import { toStatusDetails } from './retry-info.ts';

/** The status codes of gRPC that are answered here, by name (grpc/doc/statuscodes.md). */
export type GrpcStatusName =
  | 'CANCELLED'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'INTERNAL'
  | 'UNAVAILABLE';

/** The one place where a fault becomes a gRPC status. Only UNAVAILABLE invites a client to try again unchanged. */
export const GRPC_STATUS: { readonly [C in ErrorCode]: GrpcStatusName } = {
  INVALID_INPUT: 'INVALID_ARGUMENT',
  SCHEMA_MISMATCH: 'INVALID_ARGUMENT',
  DATA_UNREADABLE: 'FAILED_PRECONDITION',
  NOT_FOUND: 'NOT_FOUND',
  ARTEFACT_INVALID: 'FAILED_PRECONDITION',
  // A rate that another model, with more calibration rows, would take: out of this model's range, not malformed.
  RATE_UNSUPPORTED: 'OUT_OF_RANGE',
  DEVICE_UNAVAILABLE: 'FAILED_PRECONDITION',
  TRAINING_DIVERGED: 'ABORTED',
  PRECONDITION_FAILED: 'FAILED_PRECONDITION',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  RESOURCE_EXHAUSTED: 'RESOURCE_EXHAUSTED',
  DEADLINE_EXCEEDED: 'DEADLINE_EXCEEDED',
  UNAVAILABLE: 'UNAVAILABLE',
  CANCELLED: 'CANCELLED',
  INTERNAL: 'INTERNAL',
};

/** Trailing metadata of a failed call: the project's own code, and the facts of the error as JSON bytes. */
export const CODE_METADATA = 'aristarch-code';
export const DATA_METADATA = 'aristarch-data-bin';
/** Where gRPC's libraries look for a `google.rpc.Status`. */
export const DETAILS_METADATA = 'grpc-status-details-bin';

// Trailers are HTTP/2 headers, and a peer may refuse more than 8 KiB of them: a field name of a megabyte must not
// turn a clear refusal into a broken connection.
const MAX_DETAILS = 1000;
const MAX_DATA_BYTES = 2000;

export interface WireStatus {
  readonly code: GrpcStatusName;
  readonly details: string;
  readonly metadata: Readonly<Record<string, string | Buffer>>;
}

export function toWireStatus(thrown: unknown): WireStatus {
  const error = toAristarchError(thrown);
  const data = Buffer.from(JSON.stringify(error.data));
  const [code, details] = [GRPC_STATUS[error.code], toDetails(error.message)];
  const { retryAfterMs } = error.data;
  return {
    code,
    details,
    metadata: {
      [CODE_METADATA]: error.code,
      ...(data.length <= MAX_DATA_BYTES && { [DATA_METADATA]: data }),
      ...(typeof retryAfterMs === 'number' && { [DETAILS_METADATA]: toStatusDetails(code, details, retryAfterMs) }),
    },
  };
}

/** Bounded, and without lone surrogates, which the percent-encoding of `grpc-message` refuses. */
function toDetails(message: string): string {
  const text = message.length <= MAX_DETAILS ? message : `${message.slice(0, MAX_DETAILS)}...`;
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
