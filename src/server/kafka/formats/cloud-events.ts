import { AristarchError } from '../../../base/errors.ts';
import { headerText } from '../convert.ts';
import type { MessageHeaders } from '../port.ts';
import { readJson } from './json.ts';

/** How results are written as CloudEvents 1.0 (its Kafka protocol binding), if at all. */
export const CLOUD_EVENT_MODES = ['off', 'binary', 'structured'] as const;
export type CloudEventMode = (typeof CLOUD_EVENT_MODES)[number];

/** What an event holds: bytes in the events' format, or data that its envelope has shown already. */
export type EventContent = { readonly payload: Buffer } | { readonly data: unknown };

const CONTENT_TYPE = 'content-type';
const STRUCTURED = 'application/cloudevents';
const STRUCTURED_JSON = 'application/cloudevents+json';

/** Opens a CloudEvent of the structured mode; in the binary mode, and in no CloudEvent at all, the value is the payload. */
export function openEnvelope(headers: MessageHeaders, value: Buffer): EventContent {
  const type = headerText(headers[CONTENT_TYPE]) ?? '';
  if (!type.startsWith(STRUCTURED)) return { payload: value };
  if (!type.startsWith(STRUCTURED_JSON)) {
    throw invalid(`the event is a CloudEvent in the format ${type}: send ${STRUCTURED_JSON}, or the binary mode`);
  }
  const envelope = readJson(value);
  if (typeof envelope !== 'object' || envelope === null) throw invalid('the CloudEvent is no JSON object');
  for (const name of ['specversion', 'id', 'source', 'type']) {
    const attribute = (envelope as Record<string, unknown>)[name];
    if (typeof attribute !== 'string' || attribute === '')
      throw invalid(`the CloudEvent has no ${name}: it must have one`);
  }
  if ('data_base64' in envelope && typeof envelope.data_base64 === 'string') {
    return { payload: Buffer.from(envelope.data_base64, 'base64') };
  }
  if ('data' in envelope) return { data: envelope.data };
  throw invalid('the CloudEvent has no data: send the record there');
}

/** Whether the value is an envelope around the event. */
export function isStructured(headers: MessageHeaders): boolean {
  return headerText(headers[CONTENT_TYPE])?.startsWith(STRUCTURED) === true;
}

/** Attributes of the event that a result is caused by; empty where it is no CloudEvent. */
export function causeOf(headers: MessageHeaders, value: Buffer | null): Record<string, string> {
  if (!isCloudEvent(headers)) return {};
  const binary = headerText(headers['ce_id']);
  if (binary !== undefined) return toCause(binary, headerText(headers['ce_source']));
  const envelope = value === null ? {} : (readJson(value) as Record<string, unknown>);
  return toCause(envelope['id'], envelope['source']);
}

function toCause(id: unknown, source: unknown): Record<string, string> {
  return { causeid: String(id), causesource: String(source) };
}

export function isCloudEvent(headers: MessageHeaders): boolean {
  return headers['ce_specversion'] !== undefined || isStructured(headers);
}

/**
 * Headers without what says of the event's value what the result's is not: its media type, and what would make the result pass for the
 * CloudEvent that it was made of; traces go on.
 */
export function withoutAttributes(headers: MessageHeaders): MessageHeaders {
  const isEvent = isCloudEvent(headers);
  const isDropped = (name: string): boolean =>
    name.toLowerCase() === CONTENT_TYPE || (isEvent && name.startsWith('ce_') && !KEPT.has(name));
  const names = Object.keys(headers);
  if (!names.some(isDropped)) return headers;
  return Object.fromEntries(names.filter((name) => !isDropped(name)).map((name) => [name, headers[name]]));
}

const KEPT = new Set(['ce_traceparent', 'ce_tracestate']);

export interface Attributes {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time?: string | undefined;
  readonly [extension: string]: string | undefined;
}

export interface EventData {
  /** The media type of the data. */
  readonly contentType: string;
  /** As text where it is JSON. */
  readonly data: string | Buffer;
}

/** Data as a CloudEvent: its value and the headers that belong to it. In the structured mode what is no JSON stands there as base64. */
export function toCloudEvent(
  mode: Exclude<CloudEventMode, 'off'>,
  attributes: Attributes,
  { contentType, data }: EventData,
): { readonly value: string | Buffer; readonly headers: Record<string, string> } {
  const given = Object.entries({ specversion: '1.0', ...attributes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  if (mode === 'binary') {
    const headers = given.map(([name, value]) => [`ce_${name}`, value] as const);
    return { value: data, headers: { ...Object.fromEntries(headers), [CONTENT_TYPE]: contentType } };
  }
  const envelope = JSON.stringify({ ...Object.fromEntries(given), datacontenttype: contentType });
  const member = typeof data === 'string' ? `"data":${data}` : `"data_base64":"${data.toString('base64')}"`;
  return {
    value: `${envelope.slice(0, -1)},${member}}`,
    headers: { [CONTENT_TYPE]: `${STRUCTURED_JSON}; charset=UTF-8` },
  };
}

function invalid(message: string): AristarchError {
  return new AristarchError('INVALID_INPUT', message);
}
