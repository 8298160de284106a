import { createHash } from 'node:crypto';
import type { AristarchError } from '../../base/errors.ts';
import type { InboundMessage, MessageHeaders, OutboundMessage, Source } from './port.ts';

export const HEADERS = {
  resultId: 'aristarch-result-id',
  errorCode: 'aristarch-error-code',
  errorMessage: 'aristarch-error-message',
  sourceTopic: 'aristarch-source-topic',
  sourcePartition: 'aristarch-source-partition',
  sourceOffset: 'aristarch-source-offset',
  /** On an event that was sent again from the dead-letter topic: how often. */
  replays: 'aristarch-replays',
  /** On a dead letter that could not keep its bytes: which parts are missing. */
  dropped: 'aristarch-dropped',
  valueSha256: 'aristarch-value-sha256',
  valueBytes: 'aristarch-value-bytes',
} as const;

/** An event that cannot be scored, as it came, with the reason and its place in the headers. */
export function toDeadLetter(source: Source, message: InboundMessage, reason: AristarchError): OutboundMessage {
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      [HEADERS.errorCode]: reason.code,
      [HEADERS.errorMessage]: reason.message,
      [HEADERS.sourceTopic]: source.topic,
      [HEADERS.sourcePartition]: String(source.partition),
      [HEADERS.sourceOffset]: message.offset.toString(),
    },
    keylessPartition: source.partition,
  };
}

/** A dead letter that the broker refuses for its size: hash and length stand for the value. */
export function withoutValue(letter: OutboundMessage): OutboundMessage {
  const value = letter.value ?? Buffer.alloc(0);
  const headers = {
    ...letter.headers,
    [HEADERS.dropped]: 'value',
    [HEADERS.valueSha256]: createHash('sha256').update(value).digest('hex'),
    [HEADERS.valueBytes]: String(value.length),
  };
  return { ...letter, value: null, headers };
}

/** The last resort, for events whose key or headers are too large by themselves: our own headers remain. */
export function withoutKeyAndHeaders(letter: OutboundMessage): OutboundMessage {
  const own = new Set<string>(Object.values(HEADERS));
  const headers = Object.fromEntries(Object.entries(letter.headers).filter(([name]) => own.has(name)));
  return { ...letter, key: null, headers: { ...headers, [HEADERS.dropped]: 'value, key, headers' } };
}

/** How often an event was sent again from the dead-letter topic. */
export function replaysOf({ headers }: Pick<InboundMessage, 'headers'>): number {
  const replays = Number(headerText(headers[HEADERS.replays]) ?? 0);
  return Number.isSafeInteger(replays) && replays > 0 ? replays : 0;
}

/** The event in a dead letter, as it came; `toDeadLetter` the other way round. Undefined where its bytes are gone. */
export function fromDeadLetter(letter: InboundMessage): OutboundMessage | undefined {
  const { headers } = letter;
  if (headers[HEADERS.dropped] !== undefined) return undefined;
  const own = new Set<string>(Object.values(HEADERS));
  const theirs = Object.entries(headers).filter(([name]) => !own.has(name));
  return {
    key: letter.key,
    value: letter.value,
    headers: { ...Object.fromEntries(theirs), [HEADERS.replays]: String(replaysOf(letter) + 1) },
    keylessPartition: Number(headerText(headers[HEADERS.sourcePartition]) ?? 0),
  };
}

export function headerText(header: MessageHeaders[string]): string | undefined {
  const value = Array.isArray(header) ? header.at(-1) : header;
  return value?.toString();
}
