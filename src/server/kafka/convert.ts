import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { AristarchError } from '../../base/errors.ts';
import type { Explanation, RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import { groupOfRow } from '../../scoring/group-calibration.ts';
import type { InboundMessage, OutboundMessage, Source } from './port.ts';

export interface ModelName {
  readonly name: string;
  readonly version: string;
}

export const HEADERS = {
  resultId: 'aristarch-result-id',
  errorCode: 'aristarch-error-code',
  errorMessage: 'aristarch-error-message',
  sourceTopic: 'aristarch-source-topic',
  sourcePartition: 'aristarch-source-partition',
  sourceOffset: 'aristarch-source-offset',
  /** On a dead letter that could not keep its bytes: which parts are missing. */
  dropped: 'aristarch-dropped',
  valueSha256: 'aristarch-value-sha256',
  valueBytes: 'aristarch-value-bytes',
} as const;

/** The record in a message. Throws an `AristarchError` that says why there is none. */
export function parseEvent(message: InboundMessage, maxEventBytes: number): RawRecord {
  const { value } = message;
  if (value === null) {
    throw new AristarchError('INVALID_INPUT', 'the event has no value (a tombstone): send a JSON object');
  }
  if (value.length > maxEventBytes) {
    throw new AristarchError(
      'RESOURCE_EXHAUSTED',
      `the event has ${value.length} bytes, more than ${maxEventBytes}: send smaller events or raise the limit`,
      { bytes: value.length, limit: maxEventBytes },
    );
  }
  if (!isUtf8(value)) throw new AristarchError('INVALID_INPUT', 'the event is not UTF-8: send a JSON object in UTF-8');
  const parsed = parseJson(value.toString('utf8'));
  if (!isRecord(parsed)) {
    throw new AristarchError(
      'INVALID_INPUT',
      `the event is ${kindOf(parsed)}, not a JSON object: send one object a message`,
    );
  }
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AristarchError('INVALID_INPUT', `the event is not JSON: ${why}`, {}, thrown);
  }
}

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** Namespace of our result ids; drawn once, never to change. */
const RESULT_NAMESPACE = Buffer.from('6f0e2c3b9d5c4c0f8a5b1d6a7e4f9230', 'hex');

/**
 * The id of a result: a UUID version 5 (RFC 9562) of the event's place and the model, so that an event that is delivered
 * twice gets the same id twice, and a newer model's result another.
 */
export function resultId(source: Source, offset: bigint, model: ModelName): string {
  const name = JSON.stringify([source.topic, source.partition, offset.toString(), model.name, model.version]);
  const hash = createHash('sha1').update(RESULT_NAMESPACE).update(name).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The result of row `row` of a scored batch, as a message with the event's key and headers. */
export function toResult(
  source: Source,
  message: InboundMessage,
  model: ModelName,
  scores: ScoreBatch,
  row: number,
  explanation?: Explanation,
): OutboundMessage {
  const id = resultId(source, message.offset, model);
  const value = {
    resultId: id,
    score: scores.scores[row],
    pValue: scores.pValues[row],
    anomalous: scores.verdicts[row] === 1,
    threshold: scores.threshold,
    ...(scores.groups && groupOfRow(scores.groups, row)),
    falsePositiveRate: scores.falsePositiveRate,
    model: model.name,
    modelVersion: model.version,
    source: { topic: source.topic, partition: source.partition, offset: Number(message.offset) },
    timestamp: toIsoTime(message.timestampMs),
    ...(explanation && { explanation: toReason(explanation) }),
  };
  return {
    key: message.key,
    value: Buffer.from(JSON.stringify(value)),
    headers: { ...message.headers, [HEADERS.resultId]: id },
    keylessPartition: source.partition,
  };
}

/** Null for none, and for a time beyond what a calendar has: producers may write any 64 bits, and no event may stop a partition. */
function toIsoTime(timestampMs: number | undefined): string | null {
  const time = new Date(timestampMs ?? NaN);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** What is said of an anomalous event; score and p-value stand beside it already. */
function toReason({ contributions, counterpart, counterpartScore }: Explanation): object {
  return { contributions, counterpart, counterpartScore };
}

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
