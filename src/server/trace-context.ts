/** Metadata, and header, of W3C Trace Context (https://www.w3.org/TR/trace-context/): version, trace, parent, flags. */
export const TRACE_METADATA = 'traceparent';

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The trace that a caller is in; undefined for none, and for what is no trace context, as the standard wants it. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : TRACEPARENT.exec(traceparent)?.[1];
}

const TRACE_FIELDS: ReadonlySet<string> = new Set([TRACE_METADATA, 'tracestate']);

/** Headers without their trace context, where another one takes its place. */
export function withoutTrace<V>(headers: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !TRACE_FIELDS.has(name)));
}
