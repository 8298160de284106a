import { AristarchError, toAristarchError } from '../../../base/errors.ts';
import type { RawRecord } from '../../../scoring/detector.ts';
import type { InboundMessage } from '../port.ts';
import { createAvroReader } from './avro.ts';
import { isStructured, openEnvelope } from './cloud-events.ts';
import { readJson } from './json.ts';
import type { EventFormat } from './names.ts';
import { createProtobufReader } from './protobuf.ts';
import type { SchemaReader, SchemaRegistry } from './registry.ts';
import { splitWireFormat } from './wire-format.ts';

export interface EventReader {
  /**
   * Fetches what reading these events needs. Rejects when that fails and no event is to blame: all are then to be tried
   * again.
   */
  prepare(messages: readonly InboundMessage[]): Promise<void>;
  /** The record in an event that was prepared. Throws an `AristarchError` that says why there is none. */
  read(message: InboundMessage): RawRecord;
  /** The values of events as they are, where each is to be JSON, naked and of no more than the most bytes; undefined else. */
  jsonOf(messages: readonly InboundMessage[]): readonly Buffer[] | undefined;
}

export interface EventReaderOptions {
  readonly format: EventFormat;
  /** Larger values are refused unread. */
  readonly maxEventBytes: number;
  /** Needed by all formats but JSON. */
  readonly registry?: SchemaRegistry | undefined;
}

/** Reads events of one format, naked or as CloudEvents. */
export function createEventReader({ format, maxEventBytes, registry }: EventReaderOptions): EventReader {
  const read = toRecordOf(createPayloadReader(format, registry), maxEventBytes);
  const jsonOf = (messages: readonly InboundMessage[]) => nakedValues(messages, maxEventBytes);
  if (format === 'json') return { prepare: () => Promise.resolve(), read: (message) => read(message, NONE), jsonOf };
  // Shared by the partitions that are worked on at the same time, so it is never emptied as a whole.
  const failures = new Map<number, AristarchError>();
  return {
    prepare: async (messages) => registry && fetchSchemas(registry, format, messages, failures),
    read: (message) => read(message, failures),
    jsonOf: () => undefined,
  };
}

const NONE: Failures = new Map();

function nakedValues(messages: readonly InboundMessage[], mostBytes: number): readonly Buffer[] | undefined {
  const values: Buffer[] = [];
  for (const { value, headers } of messages) {
    if (value === null || value.length > mostBytes || isStructured(headers)) return undefined;
    values.push(value);
  }
  return values;
}

type Failures = ReadonlyMap<number, AristarchError>;
type ReadPayload = (payload: Buffer, failures: Failures) => unknown;

function createPayloadReader(format: EventFormat, registry: SchemaRegistry | undefined): ReadPayload {
  const readers: { readonly [F in EventFormat]: () => ReadPayload } = {
    json: () => (payload) => readJson(payload),
    avro: () => createSchemaPayloadReader(registry, createAvroReader),
    protobuf: () => createSchemaPayloadReader(registry, createProtobufReader),
  };
  return readers[format]();
}

function createSchemaPayloadReader(
  registry: SchemaRegistry | undefined,
  createReader: (schema: Parameters<typeof createAvroReader>[0]) => SchemaReader,
): ReadPayload {
  const readers = new Map<number, SchemaReader>();
  return (payload, failures) => {
    const { schemaId, rest } = splitWireFormat(payload);
    const failure = failures.get(schemaId);
    if (failure !== undefined) throw failure;
    const schema = registry?.known(schemaId);
    if (schema === undefined)
      throw new AristarchError('INTERNAL', `schema ${schemaId} was not fetched before it was needed`);
    const reader = readers.get(schemaId) ?? createReader(schema);
    readers.set(schemaId, reader);
    return reader(rest);
  };
}

function toRecordOf(readPayload: ReadPayload, maxEventBytes: number) {
  return (message: InboundMessage, failures: Failures): RawRecord => {
    const { value } = message;
    if (value === null) throw invalid('the event has no value (a tombstone): send a JSON object');
    if (value.length > maxEventBytes) {
      throw new AristarchError(
        'RESOURCE_EXHAUSTED',
        `the event has ${value.length} bytes, more than ${maxEventBytes}: send smaller events or raise the limit`,
        { bytes: value.length, limit: maxEventBytes },
      );
    }
    const content = openEnvelope(message.headers, value);
    const parsed = 'data' in content ? content.data : readPayload(content.payload, failures);
    if (isRecord(parsed)) return parsed;
    throw invalid(`the event is ${kindOf(parsed)}, not a JSON object: send one object a message`);
  };
}

/** Producers may name any id; of those that the registry does not have, so many are remembered. */
const MOST_FAILURES = 1000;

/** Fetches the schemas that messages name, and notes those that the registry does not have. */
async function fetchSchemas(
  registry: SchemaRegistry,
  format: EventFormat,
  messages: readonly InboundMessage[],
  failures: Map<number, AristarchError>,
): Promise<void> {
  const ids = new Set(messages.flatMap((message) => schemaIdOf(message)));
  const fetches = [...ids].map(async (id) => {
    try {
      await registry.fetch(id, format);
      failures.delete(id);
    } catch (thrown) {
      const error = toAristarchError(thrown);
      if (error.code !== 'NOT_FOUND' && error.code !== 'INVALID_INPUT') throw error;
      failures.set(id, error);
    }
  });
  await Promise.all(fetches);
  for (const id of failures.keys()) if (failures.size > MOST_FAILURES && !ids.has(id)) failures.delete(id);
}

/** None where the value is not in the wire format: `read` says why. */
function schemaIdOf({ headers, value }: InboundMessage): number[] {
  if (value === null) return [];
  try {
    const content = openEnvelope(headers, value);
    return 'payload' in content ? [splitWireFormat(content.payload).schemaId] : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function invalid(message: string): AristarchError {
  return new AristarchError('INVALID_INPUT', message);
}
