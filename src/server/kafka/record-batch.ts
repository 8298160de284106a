import { crc32c } from '@platformatic/wasm-utils';
import type { MessageHeaders, OutboundMessage } from './port.ts';

/** What a batch says of all its records (Kafka's protocol guide, "Record Batch", version 2). */
export interface BatchHead {
  readonly count: number;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The producer's number of the first record. */
  readonly firstSequence: number;
  readonly isTransactional: boolean;
  /** Milliseconds since 1970, of every record. */
  readonly timestampMs: number;
  /** The protocol's number of how the records are compressed; 0 for not at all. */
  readonly compressionBits: number;
}

/** A message as a batch takes it. */
export type BatchMessage = Pick<OutboundMessage, 'key' | 'value' | 'headers'>;

/** Bytes that the length does not count, and bytes in front of the records. */
const BEFORE_LENGTH = 12;
const HEAD_BYTES = 61;
/** Where the sum lies, and where what it covers begins. */
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAGIC = 2;
const IN_TRANSACTION = 1 << 4;

/** A head in front of records, compressed as it says, and the sum over both. */
export function writeRecordBatch(records: Buffer, head: BatchHead): Buffer {
  const batch = Buffer.allocUnsafe(HEAD_BYTES + records.length);
  records.copy(batch, HEAD_BYTES);
  return writeHead(batch, head);
}

/** The same of messages that are not compressed: their records are written where they stay. */
export function writePlainBatch(
  messages: readonly BatchMessage[],
  head: Omit<BatchHead, 'count' | 'compressionBits'>,
): Buffer {
  return writeHead(writeRecords(messages, HEAD_BYTES), { ...head, count: messages.length, compressionBits: 0 });
}

/** Into the room in front of the records. */
function writeHead(batch: Buffer, head: BatchHead): Buffer {
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - BEFORE_LENGTH, 8);
  batch.writeInt32BE(0, BEFORE_LENGTH);
  batch.writeInt8(MAGIC, 16);
  batch.writeInt16BE(head.compressionBits | (head.isTransactional ? IN_TRANSACTION : 0), ATTRIBUTES_AT);
  batch.writeInt32BE(head.count - 1, 23);
  batch.writeBigInt64BE(BigInt(head.timestampMs), 27);
  batch.writeBigInt64BE(BigInt(head.timestampMs), 35);
  batch.writeBigInt64BE(head.producerId, 43);
  batch.writeInt16BE(head.producerEpoch, 51);
  batch.writeInt32BE(head.firstSequence, 53);
  batch.writeInt32BE(head.count, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(ATTRIBUTES_AT)) >>> 0, CRC_AT);
  return batch;
}

/**
 * The records of a batch, one after the other, in one buffer of the right size, behind `room` bytes for a head. Both clients have encoders of
 * their own, which take several objects and buffers for each record and each header, and cost more than the model does
 * (docs/kafka-speed.md).
 */
export function writeRecords(messages: readonly BatchMessage[], room = 0): Buffer {
  const nameOf = createNames();
  const lengths = messages.map((message, place) => bodyLength(message, place, nameOf));
  const size = lengths.reduce((sum, length) => sum + varintLength(length) + length, 0);
  const records = Buffer.allocUnsafe(room + size);
  let at = room;
  for (let place = 0; place < messages.length; place++) {
    const { key, value, headers } = messages[place]!;
    at = writeVarint(records, at, lengths[place]!);
    records[at++] = 0;
    records[at++] = 0;
    at = writeVarint(records, at, place);
    at = writeBytes(records, at, key);
    at = writeBytes(records, at, value);
    at = writeHeaders(records, at, headers, nameOf);
  }
  return records;
}

/** Bytes of messages as records, at most. */
export function recordsLength(messages: readonly BatchMessage[]): number {
  const nameOf = createNames();
  return messages.reduce((sum, message) => sum + recordLength(message, nameOf), 0);
}

/** Bytes of a message as a record, at most. */
export function recordLength(message: BatchMessage, nameOf = createNames()): number {
  return bodyLength(message, MOST_PLACES, nameOf) + MOST_PLACE_BYTES;
}

const MOST_PLACES = 2 ** 30;
const MOST_PLACE_BYTES = 5;

/** A header's name as it is written, behind its length. */
type NameOf = (name: string) => Buffer;

/** Messages that are written together bear the same few names, each of which is made into bytes once. */
function createNames(): NameOf {
  const names = new Map<string, Buffer>();
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.allocUnsafe(textLength(name));
    writeText(bytes, 0, name);
    names.set(name, bytes);
    return bytes;
  };
}

/** Of a record, behind its own length: attributes and the difference in time (a byte each), place, key, value, headers. */
function bodyLength({ key, value, headers }: BatchMessage, place: number, nameOf: NameOf): number {
  let [length, count] = [2 + varintLength(place) + bytesLength(key) + bytesLength(value), 0];
  for (const name in headers) {
    const header = headers[name];
    const own = nameOf(name).length;
    if (Array.isArray(header)) for (const each of header) length += own + headerLength(each);
    else length += own + headerLength(header);
    count += Array.isArray(header) ? header.length : 1;
  }
  return length + varintLength(count);
}

function writeHeaders(into: Buffer, from: number, headers: MessageHeaders, nameOf: NameOf): number {
  let count = 0;
  for (const name in headers) {
    const header = headers[name];
    count += Array.isArray(header) ? header.length : 1;
  }
  let at = writeVarint(into, from, count);
  for (const name in headers) {
    const header = headers[name];
    const bytes = nameOf(name);
    if (Array.isArray(header)) for (const each of header) at = writeHeader(into, at, bytes, each);
    else at = writeHeader(into, at, bytes, header);
  }
  return at;
}

function writeHeader(into: Buffer, from: number, name: Buffer, value: Buffer | string | undefined): number {
  into.set(name, from);
  const at = from + name.length;
  return typeof value === 'string' ? writeText(into, at, value) : writeBytes(into, at, value ?? EMPTY);
}

const EMPTY = Buffer.alloc(0);

function headerLength(value: Buffer | string | undefined): number {
  return typeof value === 'string' ? textLength(value) : bytesLength(value ?? EMPTY);
}

function textLength(text: string): number {
  const length = Buffer.byteLength(text);
  return varintLength(length) + length;
}

function bytesLength(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintLength(bytes.length) + bytes.length;
}

function writeBytes(into: Buffer, at: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(into, at, -1);
  const start = writeVarint(into, at, bytes.length);
  into.set(bytes, start);
  return start + bytes.length;
}

function writeText(into: Buffer, at: number, text: string): number {
  const length = Buffer.byteLength(text);
  const start = writeVarint(into, at, length);
  // As many bytes as characters: it is ASCII, which is written sooner as what it is.
  into.write(text, start, length, length === text.length ? 'latin1' : 'utf8');
  return start + length;
}

/** Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...; seven bits a byte, the lowest first. */
function varintLength(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5;
}

function writeVarint(into: Buffer, from: number, value: number): number {
  let [at, left] = [from, ((value << 1) ^ (value >> 31)) >>> 0];
  while (left >= 0x80) {
    into[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  into[at++] = left;
  return at;
}
