import { hash } from 'node:crypto';
import type { Explanation, ScoreBatch } from '../../scoring/detector.ts';
import { groupOfRow } from '../../scoring/group-calibration.ts';
import { HEADERS } from './convert.ts';
import { causeOf, type CloudEventMode, toCloudEvent, withoutAttributes } from './formats/cloud-events.ts';
import { JSON_RESULTS, type ModelName, type Result, type ResultFormat } from './formats/result-format.ts';
import { withoutTrace } from '../trace-context.ts';
import type { InboundMessage, MessageHeaders, OutboundMessage, Source } from './port.ts';

/** Namespace of our result ids; drawn once, never to change. */
const RESULT_NAMESPACE = Buffer.from('6f0e2c3b9d5c4c0f8a5b1d6a7e4f9230', 'hex');

/**
 * The ids of results: each a UUID version 5 (RFC 9562) of the event's place and the model, so that an event that is delivered
 * twice gets the same id twice, and a newer model's result another.
 */
export function createResultIds(
  { topic, partition }: Source,
  { name, version }: ModelName,
): (offset: bigint) => string {
  const head = Buffer.concat([RESULT_NAMESPACE, Buffer.from(`[${JSON.stringify(topic)},${partition},"`)]);
  const tail = Buffer.from(`",${JSON.stringify(name)},${JSON.stringify(version)}]`);
  // What is hashed, in one place for all events: from one to the next only the digits in the middle change.
  const named = Buffer.alloc(head.length + MOST_DIGITS + tail.length);
  head.copy(named);
  let digits = 0;
  return (offset) => {
    const text = offset.toString();
    named.write(text, head.length, 'latin1');
    const end = head.length + text.length;
    if (text.length !== digits) tail.copy(named, end);
    digits = text.length;
    const hex = hash('sha1', named.subarray(0, end + tail.length), 'hex');
    const variant = '89ab'.charAt(parseInt(hex.charAt(16), 16) & 3);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
}

/** Of a 64-bit number. */
const MOST_DIGITS = 20;

/** Of one event; for many of a partition, `createResultIds`. */
export function resultId(source: Source, offset: bigint, model: ModelName): string {
  return createResultIds(source, model)(offset);
}

export type WriteResult = (message: InboundMessage, row: number, explanation?: Explanation) => OutboundMessage;

export interface ResultOptions {
  readonly cloudEvents: CloudEventMode;
  readonly results: ResultFormat;
  /** Headers of the trace that the scoring is a part of, in the place of the event's own; absent where it is not traced. */
  readonly trace?: Readonly<Record<string, string>> | undefined;
}

/** Writes row `row` of a scored batch as a message with the event's key and headers. */
export function createResultWriter(
  source: Source,
  model: ModelName,
  scores: ScoreBatch,
  { cloudEvents, results, trace }: ResultOptions = { cloudEvents: 'off', results: JSON_RESULTS },
): WriteResult {
  const idOf = createResultIds(source, model);
  const toTime = createTimes();
  const { groups, threshold, falsePositiveRate } = scores;
  const write = results.writerOf({ source, model, falsePositiveRate });
  const wrap = createEnvelopes(cloudEvents, model, results.contentType);
  const inherit = (own: MessageHeaders): MessageHeaders =>
    trace === undefined ? withoutAttributes(own) : withoutTrace(withoutAttributes(own));
  const toHeaders = (theirs: MessageHeaders, ours: MessageHeaders, id: string): MessageHeaders => {
    if (ours === NO_HEADERS && trace === undefined && isEmpty(theirs)) return { [HEADERS.resultId]: id };
    return { ...inherit(theirs), ...ours, ...trace, [HEADERS.resultId]: id };
  };
  return (message, row, explanation) => {
    const { offset } = message;
    const id = idOf(offset);
    const time = toTime(message.timestampMs);
    const own = groups && groupOfRow(groups, row);
    // One plain literal each: objects that are spread into another cost more than all else that is done here.
    const written = write({
      id,
      time,
      explanation,
      offset,
      threshold: own?.threshold ?? threshold,
      group: own?.group,
      score: scores.scores[row]!,
      pValue: scores.pValues[row]!,
      anomalous: scores.verdicts[row] === 1,
    });
    const { value, headers } = wrap(message, id, time?.iso, written);
    return {
      key: message.key,
      value: typeof value === 'string' ? Buffer.from(value) : value,
      headers: toHeaders(message.headers, headers, id),
      keylessPartition: source.partition,
    };
  };
}

type Wrap = (
  message: InboundMessage,
  id: string,
  time: string | undefined,
  data: string | Buffer,
) => { readonly value: string | Buffer; readonly headers: Readonly<Record<string, string>> };

function createEnvelopes(mode: CloudEventMode, model: ModelName, contentType: string): Wrap {
  if (mode === 'off') return (_message, _id, _time, value) => ({ value, headers: NO_HEADERS });
  const own = { source: sourceOf(model), type: RESULT_TYPE };
  return (message, id, time, data) =>
    toCloudEvent(mode, { id, ...own, time, ...causeOf(message.headers, message.value) }, { contentType, data });
}

const NO_HEADERS: Readonly<Record<string, string>> = {};

function isEmpty(headers: InboundMessage['headers']): boolean {
  for (const _ in headers) return false;
  return true;
}

/**
 * Undefined for none, and for a time beyond what a calendar has: producers may write any 64 bits, and no event may stop a
 * partition. Events of one second, of which a batch has many, share the work.
 */
function createTimes(): (timestampMs: number | undefined) => Result['time'] {
  let [second, upToSecond] = [NaN, ''];
  return (timestampMs) => {
    const time = Math.trunc(timestampMs ?? NaN);
    const own = Math.floor(time / 1000);
    if (own !== second) {
      const date = new Date(own * 1000);
      if (Number.isNaN(date.getTime()) || Number.isNaN(new Date(time).getTime())) return undefined;
      [second, upToSecond] = [own, date.toISOString().slice(0, -4)];
    }
    return { ms: time, iso: `${upToSecond}${String(time - own * 1000).padStart(3, '0')}Z` };
  };
}

/** The type of a result as a CloudEvent; a result of another shape will have another. */
const RESULT_TYPE = 'aristarch.result.v1';

/** A relative URI reference, as CloudEvents want it. */
function sourceOf({ name, version }: ModelName): string {
  return `/aristarch/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
}
