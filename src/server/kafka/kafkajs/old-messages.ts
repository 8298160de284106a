import { crc32 } from 'node:zlib';
import { AristarchError } from '../../../base/errors.ts';
import { TooMuchAtOnce } from '../compression.ts';
import { checkNext, hex, MAGIC_AT, unreadable } from '../read-record-batch.ts';
import { type FetchedMessage, outsideOfTransactions } from './aborted-messages.ts';
import { toUnreadableMark } from './unreadable-marks.ts';

/** By the protocol's number of how bytes are compressed. */
export type Decompress = (compressionBits: number, bytes: Buffer) => Promise<Buffer>;

/** Of messages in logs that are older than Kafka 0.11, which has record batches; the newer ones have a time. */
const [WITHOUT_TIME, WITH_TIME] = [0, 1];
/** Bytes that a message's length does not count; where its checksum lies, which covers all behind it; and the fewest that it can have. */
const BEFORE_LENGTH = 12;
const CRC_AT = 12;
const LEAST_BYTES = 14;
/** Behind the version: how it is compressed, and its time, where it has one. */
const ATTRIBUTES_AT = 17;
const COMPRESSION = 7;
const TIME_AT = 18;
const TIME_BYTES = 8;

interface OldMessage {
  readonly offset: bigint;
  readonly timeMs: bigint;
  readonly compressionBits: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Whether bytes begin with such a message, or with a batch whose version is damaged to that. */
export function areOldMessages(bytes: Buffer): boolean {
  const version = bytes[MAGIC_AT];
  return version === WITHOUT_TIME || version === WITH_TIME;
}

/**
 * Reads such messages for kafkajs, each after its checksum was looked at. Its own way looks at none and bounds no length: it believes any bytes, and
 * a bit that has tipped over in a batch's version made it fail at the whole answer, and at all partitions in it. What cannot be read is marked.
 */
export async function readOldMessages(bytes: Buffer, decompress: Decompress): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  try {
    for (const { message, end } of splitMessages(bytes)) {
      const own = readMessage(message);
      checkNext(bytes, end, own.offset);
      const read = own.compressionBits === 0 ? [own] : await unwrap(own, message[MAGIC_AT]!, decompress);
      const batchContext = outsideOfTransactions(own.offset);
      for (const each of read) messages.push(toFetched(each, batchContext));
    }
  } catch (thrown) {
    messages.push(toUnreadableMark(toUnreadable(thrown)));
  }
  return messages;
}

/** The messages in one whose value they are, compressed together. Where messages have times, their offsets are counted from the first of them. */
async function unwrap({ offset, compressionBits, value }: OldMessage, version: number, decompress: Decompress) {
  const bytes = await decompress(compressionBits, value ?? Buffer.alloc(0));
  const inner: OldMessage[] = [];
  let read = 0;
  for (const { message, end } of splitMessages(bytes)) {
    inner.push(readMessage(message));
    read = end;
  }
  if (read < bytes.length) throw unreadable(`compressed messages with ${bytes.length - read} bytes behind them`);
  if (inner.some((each) => each.compressionBits !== 0)) throw unreadable('a compressed message in a compressed one');
  if (version === WITHOUT_TIME) return inner;
  const first = offset - inner.at(-1)!.offset;
  return inner.map((each) => ({ ...each, offset: first + each.offset }));
}

/** The last one may have been cut, and is left out, but not the first. A record batch behind them is what is asked for next. */
function* splitMessages(bytes: Buffer): Generator<{ readonly message: Buffer; readonly end: number }> {
  let at = 0;
  while (at + BEFORE_LENGTH + LEAST_BYTES <= bytes.length && areOldMessages(bytes.subarray(at))) {
    const length = bytes.readInt32BE(at + 8);
    const end = at + BEFORE_LENGTH + length;
    if (length < LEAST_BYTES) throw unreadable(`a message of ${length} bytes at byte ${at}`);
    if (end > bytes.length) break;
    const message = bytes.subarray(at, end);
    const [said, found] = [message.readUInt32BE(CRC_AT), crc32(message.subarray(MAGIC_AT))];
    if (said !== found) throw unreadable(`a message with checksum ${hex(said)} whose bytes have ${hex(found)}`);
    yield { message, end };
    at = end;
  }
  if (at === 0) throw unreadable(`no whole message in ${bytes.length} bytes`);
}

function readMessage(bytes: Buffer): OldMessage {
  const hasTime = bytes[MAGIC_AT] === WITH_TIME;
  const [key, behind] = readText(bytes, hasTime ? TIME_AT + TIME_BYTES : TIME_AT);
  const [value] = readText(bytes, behind);
  return {
    offset: bytes.readBigInt64BE(0),
    timeMs: hasTime ? bytes.readBigInt64BE(TIME_AT) : -1n,
    compressionBits: bytes[ATTRIBUTES_AT]! & COMPRESSION,
    key,
    value,
  };
}

/** What stands behind its length, null for -1; and where it ends. */
function readText(bytes: Buffer, at: number): readonly [Buffer | null, number] {
  const start = at + 4;
  const length = start <= bytes.length ? bytes.readInt32BE(at) : undefined;
  if (length === -1) return [null, start];
  const end = start + (length ?? 0);
  if (length === undefined || length < 0 || end > bytes.length)
    throw unreadable(`a text of ${length ?? 'no'} bytes at byte ${at} of a message of ${bytes.length}`);
  return [bytes.subarray(start, end), end];
}

function toFetched({ offset, timeMs, key, value }: OldMessage, batchContext: FetchedMessage['batchContext']) {
  return { offset: String(offset), timestamp: String(timeMs), key, value, headers: {}, batchContext };
}

/** Whatever a decompression fails by; but that an answer becomes too much is no fault of a message. */
function toUnreadable(thrown: unknown): AristarchError {
  if (thrown instanceof TooMuchAtOnce) throw thrown;
  if (thrown instanceof AristarchError && thrown.code === 'DATA_UNREADABLE') return thrown;
  return unreadable(`a message that cannot be read (${String(thrown)})`);
}
