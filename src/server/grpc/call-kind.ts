import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { CallStream } from './call-stream.ts';
import { status } from './engine.ts';
import { TOO_MANY_BYTES } from './held-bytes.ts';
import { PRIORITY_METADATA } from './handlers.ts';
import { QuickCall, type QuickMethod, type QuickParts, startSpan } from './quick-call.ts';
import { QuickMetadata } from './quick-metadata.ts';
import { LOW_SHARE } from './shedding.ts';
import { toTrailersOnly } from './trailers-only.ts';

/** What calls have in common that differ by the time alone that they are given: it is made once, and asked for each. */
export interface CallKind {
  /**
   * The trailers to refuse such a call with, at the cost of little more than its headers; undefined where it may come in. `timeoutMs`: what
   * the caller gives it, Infinity for no limit, undefined where that cannot be read.
   */
  refusalOf(timeoutMs: number | undefined): OutgoingHttpHeaders | undefined;
  /** Takes in one that is not refused. */
  open(stream: CallStream, timeoutMs: number | undefined): void;
}

/** Callers under overload wait at home, and send what has no time left: that must cost next to nothing. */
const EXPIRED = toTrailersOnly({ code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded' });

const FULL = toTrailersOnly(TOO_MANY_BYTES);

/** Of the calls of a method that come with these headers, whatever `grpc-timeout` says. */
export function createCallKind(headers: IncomingHttpHeaders, method: QuickMethod, parts: QuickParts): CallKind {
  const { shedding, held, security } = parts;
  const metadata = new QuickMetadata(headers);
  const { authorization } = headers;
  // Who has priority waits for those before it alone, whom the batcher knows.
  const isFirst = headers[PRIORITY_METADATA] === 'high';
  const share = headers[PRIORITY_METADATA] === 'low' ? LOW_SHARE : undefined;
  // Nothing is traced of a caller who has yet to show who it is.
  const beginSpan = () => (security.authenticate === undefined ? startSpan(method, parts, metadata) : undefined);
  return {
    refusalOf: (timeoutMs) => {
      if (timeoutMs === undefined) return unreadable(headers);
      if (timeoutMs <= 0) return EXPIRED;
      if (!held.admits()) return FULL;
      const remainingMs = timeoutMs - shedding.waitedMs();
      const refusal = isFirst ? undefined : shedding.refusalOf(remainingMs, share);
      if (refusal === undefined) return undefined;
      parts.onShed(method.transport);
      beginSpan()?.end('RESOURCE_EXHAUSTED');
      return refusal;
    },
    open: (stream, timeoutMs = Infinity) => {
      const remainingMs = timeoutMs - shedding.waitedMs();
      new QuickCall(stream, method, parts, { metadata, span: beginSpan(), remainingMs, authorization });
    },
  };
}

function unreadable(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const details = `Invalid grpc-timeout value "${String(headers['grpc-timeout'])}"`;
  return toTrailersOnly({ code: status.INTERNAL, details });
}
