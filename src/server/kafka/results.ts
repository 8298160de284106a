import { hash } from 'node:crypto';
import type { Explanation, ScoreBatch } from '../../scoring/detector.ts';
import { groupOfRow } from '../../scoring/group-calibration.ts';
import { HEADERS } from './convert.ts';
import { causeOf, type CloudEventMode, toCloudEvent, withoutAttributes } from './formats/cloud-events.ts';
import type { InboundMessage, MessageHeaders, OutboundMessage, Source } from './port.ts';
import { withoutTrace } from '../trace-context.ts';

export interface ModelName {
  readonly name: string;
  readonly version: string;
}

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
  const tail = `",${JSON.stringify(name)},${JSON.stringify(version)}]`;
  return (offset) => {
    const hex = hash('sha1', Buffer.concat([head, Buffer.from(`${offset}${tail}`)]), 'hex');
    const variant = '89ab'.charAt(parseInt(hex.charAt(16), 16) & 3);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
}

/** Of one event; for many of a partition, `createResultIds`. */
export function resultId(source: Source, offset: bigint, model: ModelName): string {
  return createResultIds(source, model)(offset);
}

export type WriteResult = (message: InboundMessage, row: number, explanation?: Explanation) => OutboundMessage;

/**
 * Writes row `row` of a scored batch as a message with the event's key and headers. The JSON is put together by hand: of
 * what a result says, most is the same for the whole batch, and `JSON.stringify` would write it anew for each event.
 * `trace`: headers of the trace that the scoring is a part of, in the place of the event's own; absent where it is not traced.
 */
export function createResultWriter(
  source: Source,
  model: ModelName,
  scores: ScoreBatch,
  cloudEvents: CloudEventMode = 'off',
  trace?: Readonly<Record<string, string>>,
): WriteResult {
  const idOf = createResultIds(source, model);
  const toIsoTime = createIsoTimes();
  const { groups } = scores;
  const threshold = `,"threshold":${toNumber(scores.threshold)}`;
  const thresholdOf = (row: number): string => {
    if (groups === undefined) return threshold;
    const { group, threshold: own } = groupOfRow(groups, row);
    return `,"threshold":${toNumber(own)},"group":${JSON.stringify(group)}`;
  };
  const rate = `,"falsePositiveRate":${toNumber(scores.falsePositiveRate)}`;
  const names = `,"model":${JSON.stringify(model.name)},"modelVersion":${JSON.stringify(model.version)}`;
  const place = `,"source":{"topic":${JSON.stringify(source.topic)},"partition":${source.partition},"offset":`;
  const wrap = (message: InboundMessage, id: string, time: string | undefined, json: string) => {
    const cause = causeOf(message.headers, message.value);
    const attributes = { id, source: sourceOf(model), type: RESULT_TYPE, time, ...cause };
    return toCloudEvent(cloudEvents === 'binary' ? 'binary' : 'structured', attributes, json);
  };
  const inherit = (own: MessageHeaders): MessageHeaders =>
    trace === undefined ? withoutAttributes(own) : withoutTrace(withoutAttributes(own));
  return (message, row, explanation) => {
    const id = idOf(message.offset);
    const time = toIsoTime(message.timestampMs);
    const json =
      `{"resultId":"${id}","score":${toNumber(scores.scores[row])},"pValue":${toNumber(scores.pValues[row])}` +
      `,"anomalous":${scores.verdicts[row] === 1}${thresholdOf(row)}${rate}` +
      `${names}${place}${message.offset}},"timestamp":${time === undefined ? 'null' : `"${time}"`}` +
      `${explanation ? `,"explanation":${toReason(explanation)}` : ''}}`;
    const { value, headers } = cloudEvents === 'off' ? { value: json, headers: {} } : wrap(message, id, time, json);
    return {
      key: message.key,
      value: Buffer.from(value),
      headers: { ...inherit(message.headers), ...headers, ...trace, [HEADERS.resultId]: id },
      keylessPartition: source.partition,
    };
  };
}

/** As JSON has it: what is no finite number is null. */
function toNumber(value: number | undefined): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

/**
 * Undefined for none, and for a time beyond what a calendar has: producers may write any 64 bits, and no event may stop a
 * partition. Events of one second, of which a batch has many, share the work.
 */
function createIsoTimes(): (timestampMs: number | undefined) => string | undefined {
  let [second, upToSecond] = [NaN, ''];
  return (timestampMs) => {
    const time = Math.trunc(timestampMs ?? NaN);
    const own = Math.floor(time / 1000);
    if (own !== second) {
      const date = new Date(own * 1000);
      if (Number.isNaN(date.getTime()) || Number.isNaN(new Date(time).getTime())) return undefined;
      [second, upToSecond] = [own, date.toISOString().slice(0, -4)];
    }
    return `${upToSecond}${String(time - own * 1000).padStart(3, '0')}Z`;
  };
}

/** The type of a result as a CloudEvent; a result of another shape will have another. */
const RESULT_TYPE = 'aristarch.result.v1';

/** A relative URI reference, as CloudEvents want it. */
function sourceOf({ name, version }: ModelName): string {
  return `/aristarch/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
}

/** What is said of an anomalous event; score and p-value stand beside it already. */
function toReason({ contributions, counterpart, counterpartScore }: Explanation): string {
  return JSON.stringify({ contributions, counterpart, counterpartScore });
}
