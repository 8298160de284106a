import { status, type ServiceError } from '@grpc/grpc-js';
import { retryDelayMs } from './retry-info.ts';

/** The names of gRPC's status codes: `UNAVAILABLE`, `INVALID_ARGUMENT`, ... */
export type StatusName = keyof typeof status;

export interface CallErrorFacts {
  readonly status: StatusName;
  /** The service's own code (docs/errors.md), such as `SCHEMA_MISMATCH`; absent where the fault is not the service's. */
  readonly code?: string | undefined;
  /** Facts of the fault, such as the record and the field that it lies in. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** When the service wants to be asked again at the earliest. */
  readonly retryAfterMs?: number | undefined;
  /** How often the call was tried. */
  readonly attempts?: number | undefined;
}

/** A call that failed for good: retries, where they make sense, were made. */
export class CallError extends Error {
  readonly status: StatusName;
  readonly code: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;
  readonly attempts: number;

  constructor(message: string, facts: CallErrorFacts, cause?: unknown) {
    super(message, { cause });
    this.name = 'CallError';
    this.status = facts.status;
    this.code = facts.code;
    this.data = facts.data ?? {};
    this.retryAfterMs = facts.retryAfterMs;
    this.attempts = facts.attempts ?? 1;
  }

  /** The same fault with other facts. */
  with(changes: Partial<CallErrorFacts>): CallError {
    const { status, code, data, retryAfterMs, attempts } = this;
    return new CallError(this.message, { status, code, data, retryAfterMs, attempts, ...changes }, this.cause);
  }
}

/** Trailing metadata of the service's failed calls, and where gRPC's libraries keep a `google.rpc.Status`. */
const CODE_METADATA = 'aristarch-code';
const DATA_METADATA = 'aristarch-data-bin';
const DETAILS_METADATA = 'grpc-status-details-bin';

/** What a call threw, as a `CallError`; `attempts` is how often it was tried. */
export function toCallError(thrown: unknown, attempts = 1): CallError {
  if (thrown instanceof CallError) return thrown.with({ attempts });
  if (!isServiceError(thrown)) return new CallError(String(thrown), { status: 'UNKNOWN', attempts }, thrown);
  const { metadata } = thrown;
  const facts: CallErrorFacts = {
    status: (status[thrown.code] as StatusName | undefined) ?? 'UNKNOWN',
    code: metadata.get(CODE_METADATA)[0]?.toString(),
    data: parseData(metadata.get(DATA_METADATA)[0]),
    retryAfterMs: retryDelayMs(metadata.get(DETAILS_METADATA)[0]),
    attempts,
  };
  return new CallError(thrown.details, facts, thrown);
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'metadata' in thrown && 'details' in thrown && 'code' in thrown;
}

function parseData(bytes: string | Buffer | undefined): Readonly<Record<string, unknown>> | undefined {
  if (bytes === undefined) return undefined;
  try {
    const data: unknown = JSON.parse(bytes.toString());
    return typeof data === 'object' && data !== null ? { ...data } : undefined;
  } catch {
    return undefined;
  }
}
