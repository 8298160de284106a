import type { InboundMessage, MessageHeaders } from '../port.ts';

interface ReadMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** kafkajs' types leave out that a header may be null. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970; -1 for none. */
  readonly timestamp: string;
}

/** A message as kafkajs reads it, in the port's words. */
export function fromMessage({ offset, key, value, headers, timestamp }: ReadMessage): InboundMessage {
  const timestampMs = Number(timestamp);
  return {
    offset: BigInt(offset),
    key,
    value,
    headers: fromHeaders(headers ?? {}),
    timestampMs: timestampMs >= 0 ? timestampMs : undefined,
  };
}

/** A header may be null; the client reads such headers but cannot write them, so they become empty ones. */
function fromHeaders(headers: Readonly<Record<string, unknown>>): MessageHeaders {
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(toBytes) : toBytes(value),
  ]);
  return Object.fromEntries(filled) as MessageHeaders;
}

function toBytes(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
