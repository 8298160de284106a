import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { AristarchError } from '../../../base/errors.ts';
import { TooMuchAtOnce } from '../compression.ts';
import { hex, MAGIC_AT, unreadable } from '../read-record-batch.ts';
import type { FetchedMessage } from './aborted-messages.ts';
import { toUnreadableMark } from './unreadable-marks.ts';

/** What kafkajs 2.2.3 reads a set of messages with, as far as it is looked at here. */
type DecodeSet = (decoder: object, bytes: number) => Promise<FetchedMessage[]>;
type DecoderClass = new (bytes: Buffer) => object;

/** Of messages in logs that are older than Kafka 0.11, which has record batches. */
const OLD_VERSIONS = [0, 1];
/** Bytes that a message's length does not count; where its checksum lies, which covers all behind it; and the fewest that it can have. */
const BEFORE_LENGTH = 12;
const CRC_AT = 12;
const LEAST_BYTES = 14;

/** Whether bytes begin with such a message, or with a batch whose version is damaged to that. */
export function areOldMessages(bytes: Buffer): boolean {
  return OLD_VERSIONS.includes(bytes[MAGIC_AT]!);
}

/**
 * Has kafkajs read such messages, one by one, each after its checksum was looked at, which kafkajs does not: it believes any bytes, and
 * a bit that has tipped over in a batch's version made it fail at the whole answer, and at all partitions in it. What cannot be read is marked.
 */
export async function readOldMessages(bytes: Buffer): Promise<FetchedMessage[]> {
  const load = createRequire(import.meta.url);
  const Decoder = load('kafkajs/src/protocol/decoder') as DecoderClass;
  const decode = load('kafkajs/src/protocol/messageSet/decoder') as DecodeSet;
  const messages: FetchedMessage[] = [];
  try {
    for (const message of checkMessages(bytes)) {
      const read = await decode(new Decoder(message), message.length);
      // Where one holds others that are compressed, kafkajs leaves them out if it cannot read one.
      if (read.length === 0) throw unreadable('a message whose messages cannot be read');
      for (const each of read) messages.push(each);
    }
  } catch (thrown) {
    messages.push(toUnreadableMark(toUnreadable(thrown)));
  }
  return messages;
}

/** The last one may have been cut, and is left out, but not the first. A record batch behind them is what is asked for next. */
function* checkMessages(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + BEFORE_LENGTH + LEAST_BYTES <= bytes.length && areOldMessages(bytes.subarray(at))) {
    const length = bytes.readInt32BE(at + 8);
    const end = at + BEFORE_LENGTH + length;
    if (length < LEAST_BYTES) throw unreadable(`a message of ${length} bytes at byte ${at}`);
    if (end > bytes.length) break;
    const message = bytes.subarray(at, end);
    const [said, found] = [message.readUInt32BE(CRC_AT), crc32(message.subarray(MAGIC_AT))];
    if (said !== found) throw unreadable(`a message with checksum ${hex(said)} whose bytes have ${hex(found)}`);
    yield message;
    at = end;
  }
  if (at === 0) throw unreadable(`no whole message in ${bytes.length} bytes`);
}

/** Whatever kafkajs fails by; but that an answer becomes too much is no fault of a message. */
function toUnreadable(thrown: unknown): AristarchError {
  if (thrown instanceof TooMuchAtOnce) throw thrown;
  if (thrown instanceof AristarchError && thrown.code === 'DATA_UNREADABLE') return thrown;
  return unreadable(`a message that cannot be read (${String(thrown)})`);
}
