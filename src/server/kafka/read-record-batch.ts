import { crc32c } from '@platformatic/wasm-utils';
import { AristarchError } from '../../base/errors.ts';
import { collectHeaders } from './headers.ts';
import type { MessageHeaders, Source } from './port.ts';

/** Bits of a batch's attributes (Kafka's protocol guide, "Record Batch", version 2). */
const [COMPRESSION, TIMED_BY_BROKER, IN_TRANSACTION, IS_CONTROL] = [7, 8, 16, 32];
/** Bytes that a batch's length does not count, and bytes in front of the records. */
const BEFORE_LENGTH = 12;
const HEAD_BYTES = 61;
/** Where a batch says of which version it is, where its checksum lies, and where what that covers begins. */
export const MAGIC_AT = 16;
export const MAGIC = 2;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;

export interface FetchedBatch {
  readonly firstOffset: bigint;
  /** Of the batch, whatever is left of its records where a topic is compacted. */
  readonly lastOffset: bigint;
  readonly producerId: bigint;
  readonly isInTransaction: boolean;
  readonly isControl: boolean;
  /** The protocol's number of how the records are compressed; 0 for not at all. */
  readonly compressionBits: number;
  /** Of every record where the broker sets the times; undefined where producers do. */
  readonly brokersTimeMs: bigint | undefined;
  readonly firstTimeMs: bigint;
  /** Of the records, as the batch says. */
  readonly count: number;
  /** As they came: compressed, perhaps. */
  readonly records: Buffer;
}

export interface FetchedRecord {
  readonly offset: bigint;
  /** Milliseconds since 1970; less than 0 for none. */
  readonly timeMs: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: MessageHeaders;
}

/**
 * The batches in an answer's bytes; the last one may have been cut, and is left out, but not the first, which brokers send whole (KIP-74).
 * Throws `DATA_UNREADABLE` at the first that is not as its producer wrote it: brokers look at what producers send, and this is
 * what is left of a log, or a way to it, that is damaged.
 */
export function* readBatches(bytes: Buffer): Generator<FetchedBatch> {
  let at = 0;
  for (; at + HEAD_BYTES <= bytes.length;) {
    const end = at + BEFORE_LENGTH + bytes.readInt32BE(at + 8);
    if (end < at + HEAD_BYTES) {
      checkVersion(bytes.subarray(at));
      throw unreadable(`a batch at byte ${at} that ends at byte ${end}`);
    }
    if (end > bytes.length) break;
    const batch = readBatch(bytes.subarray(at, end));
    checkNext(bytes, end, batch.lastOffset);
    yield batch;
    at = end;
  }
  if (at > 0 || bytes.length === 0) return;
  checkVersion(bytes);
  throw unreadable(`no whole batch in ${bytes.length} bytes`);
}

/** In front of each batch and of each older message. */
const OFFSET_BYTES = 8;

/**
 * That what follows at a byte, and may have been cut, lies behind an offset. No checksum covers where a batch lies. Of two of which the second is
 * not behind the first either may be the wrong one, so that the first is not handed out either: whoever has read it asks for
 * what is behind it, and brokers, who look for it by these offsets, would pass the second one over.
 */
export function checkNext(bytes: Buffer, at: number, lastOffset: bigint): void {
  if (at + OFFSET_BYTES > bytes.length) return;
  const next = bytes.readBigInt64BE(at);
  if (next <= lastOffset) throw unreadable(`a batch up to offset ${lastOffset} in front of one from offset ${next} on`);
}

/** Where batches may lie: what was asked for, and where the partition ends, as the broker said after it had read them. */
export interface Bounds {
  readonly from: bigint;
  readonly end: bigint;
}

/** Why a batch cannot lie where it says that it does. One may begin before what was asked for, or behind it where a topic is compacted. */
export function findMisplaced(lastOffset: bigint, { from, end }: Bounds): AristarchError | undefined {
  if (lastOffset < from) return unreadable(`a batch up to offset ${lastOffset}, where offset ${from} was asked for`);
  if (lastOffset < end) return undefined;
  return unreadable(`a batch up to offset ${lastOffset} of a partition that ends before offset ${end}`);
}

function readBatch(bytes: Buffer): FetchedBatch {
  checkSum(bytes);
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const firstOffset = bytes.readBigInt64BE(0);
  return {
    firstOffset,
    lastOffset: firstOffset + BigInt(bytes.readInt32BE(23)),
    producerId: bytes.readBigInt64BE(43),
    isInTransaction: (attributes & IN_TRANSACTION) !== 0,
    isControl: (attributes & IS_CONTROL) !== 0,
    compressionBits: attributes & COMPRESSION,
    brokersTimeMs: (attributes & TIMED_BY_BROKER) === 0 ? undefined : bytes.readBigInt64BE(35),
    firstTimeMs: bytes.readBigInt64BE(27),
    count: bytes.readInt32BE(57),
    records: bytes.subarray(HEAD_BYTES),
  };
}

/** Where there are so many bytes. */
function checkVersion(bytes: Buffer): void {
  const magic = bytes[MAGIC_AT] ?? MAGIC;
  if (magic < MAGIC) throw tooOld(magic);
  if (magic !== MAGIC) throw unreadable(`a batch of version ${magic}, which is read as none but ${MAGIC}`);
}

/** A bit that has tipped over would else be another event, or stand for many. */
function checkSum(bytes: Buffer): void {
  checkVersion(bytes);
  const [said, found] = [bytes.readUInt32BE(CRC_AT), crc32c(bytes.subarray(ATTRIBUTES_AT)) >>> 0];
  if (said !== found) throw unreadable(`a batch with checksum ${hex(said)} whose bytes have ${hex(found)}`);
}

export const hex = (sum: number): string => `0x${sum.toString(16).padStart(8, '0')}`;

/**
 * The records of a batch, whose bytes are not compressed any more. In a time that grows with the bytes alone, whatever they say. Throws
 * as `readBatches` does.
 */
export function readRecords(batch: FetchedBatch, bytes: Buffer): FetchedRecord[] {
  const records: FetchedRecord[] = [];
  const cursor = { bytes, at: 0, end: bytes.length };
  for (let place = 0; place < batch.count; place++) {
    const length = readVarint(cursor);
    const end = cursor.at + length;
    if (length < 0 || end > bytes.length) throw unreadable(`a record of ${length} bytes at byte ${cursor.at}`);
    records.push(readRecord(batch, { bytes, at: cursor.at, end }));
    cursor.at = end;
  }
  return records;
}

/** A place in bytes, before whose `end` everything must lie. */
interface Cursor {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
}

function readRecord({ firstOffset, firstTimeMs, brokersTimeMs }: FetchedBatch, cursor: Cursor): FetchedRecord {
  // Attributes, of which there are none.
  cursor.at += 1;
  const later = BigInt(readVarint(cursor));
  const offset = firstOffset + BigInt(readVarint(cursor));
  const [key, value] = [readBytes(cursor), readBytes(cursor)];
  return { offset, timeMs: brokersTimeMs ?? firstTimeMs + later, key, value, headers: readHeaders(cursor) };
}

function readHeaders(cursor: Cursor): MessageHeaders {
  const count = readVarint(cursor);
  // A header has two bytes at least.
  if (count < 0 || count > (cursor.end - cursor.at) / 2)
    throw unreadable(`${count} headers in ${cursor.end - cursor.at} bytes`);
  const pairs = Array.from({ length: count }, () => [readBytes(cursor), readBytes(cursor)] as const);
  return collectHeaders(pairs);
}

/** Null for the length -1. */
function readBytes(cursor: Cursor): Buffer | null {
  const length = readVarint(cursor);
  if (length === -1) return null;
  const end = cursor.at + length;
  if (length < 0 || end > cursor.end) throw unreadable(`a text of ${length} bytes at byte ${cursor.at}`);
  const bytes = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return bytes;
}

/** Of 64 bits, more than any number here has. */
const MOST_VARINT_BYTES = 10;

/** Zigzag, seven bits a byte, the lowest first. Exact up to 53 bits; offsets in a batch and times have fewer. */
function readVarint(cursor: Cursor): number {
  let [zigzag, unit] = [0, 1];
  for (let place = 0; place < MOST_VARINT_BYTES; place++) {
    if (cursor.at >= cursor.end) throw unreadable(`a number that does not end before byte ${cursor.end}`);
    const byte = cursor.bytes[cursor.at++]!;
    zigzag += (byte & 0x7f) * unit;
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    unit *= 0x80;
  }
  throw unreadable(`a number of more than ${MOST_VARINT_BYTES} bytes before byte ${cursor.at}`);
}

/** What was thrown by what is read here, or by a decompression; anything else is thrown on. */
export function toUnreadable(thrown: unknown): AristarchError {
  if (thrown instanceof AristarchError && thrown.code === 'DATA_UNREADABLE') return thrown;
  throw thrown;
}

/** The same with its place: whoever is to mend it looks there, or sets the group's offset behind it. */
export function unreadableAt(
  { topic, partition }: Source,
  offset: bigint,
  { message }: AristarchError,
): AristarchError {
  return new AristarchError(
    'DATA_UNREADABLE',
    `nothing can be read from offset ${offset} of ${topic}/${partition} on: ${message}`,
    {
      ...{ topic, partition, offset: String(offset) },
    },
  );
}

/** The protocol's number of what a broker says of a partition whose log it cannot read itself. */
export const CORRUPT_MESSAGE = 2;

export function brokersDamage(): AristarchError {
  return new AristarchError(
    'DATA_UNREADABLE',
    'the broker says that its log is damaged there (CORRUPT_MESSAGE); compare with another replica',
  );
}

/** What may be sound. */
function tooOld(version: number): AristarchError {
  return new AristarchError(
    'DATA_UNREADABLE',
    `a broker's answer holds messages of version ${version}, as they were before Kafka 0.11: if the log is as old as that, ` +
      `only --kafka-client kafkajs reads it; else it, or the way to it, is damaged; compare with another replica`,
    { version },
  );
}

/** Whether that is what was thrown. */
export const isTooOld = ({ data }: AristarchError): boolean => 'version' in data;

export function unreadable(what: string): AristarchError {
  return new AristarchError(
    'DATA_UNREADABLE',
    `a broker's answer holds ${what}: its log, or the way to it, is damaged; compare with another replica`,
  );
}
