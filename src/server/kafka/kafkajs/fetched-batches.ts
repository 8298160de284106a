import { createRequire } from 'node:module';
import { AristarchError } from '../../../base/errors.ts';
import {
  type FetchedBatch,
  type FetchedRecord,
  isTooOld,
  readBatches,
  readRecords,
  toUnreadable,
} from '../read-record-batch.ts';
import { type BatchContext, type FetchedMessage, outsideOfTransactions } from './aborted-messages.ts';
import { areOldMessages, type Decompress, readOldMessages } from './old-messages.ts';
import { toUnreadableMark } from './unreadable-marks.ts';

/** What kafkajs 2.2.3 reads answers with, as far as it is looked at here. */
interface Decoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

/** By the protocol's numbers; none for 0. */
type Codecs = Readonly<Record<number, (() => { decompress(bytes: Buffer): Promise<Buffer> }) | undefined>>;

interface Message extends FetchedMessage {
  readonly timestamp: string;
  readonly value: Buffer | null;
  readonly headers: FetchedRecord['headers'];
}

/**
 * Has kafkajs read the record batches of an answer by `readBatches`. Its own way takes an object of all headers so far for each header, so
 * that twenty thousand of them in one event hold the process up for minutes; and breaks off, whenever it is tried, where a batch
 * has more than a hundred thousand records. Any producer can write both. And it looks at no checksum: what cannot be read is marked, so that
 * it is neither left out nor keeps other partitions' events from anybody.
 */
export function readOwnRecordBatches(codecs: Codecs): void {
  const load = createRequire(import.meta.url);
  const path = 'kafkajs/src/protocol/requests/fetch/v4/decodeMessages';
  load(path);
  // The versions of the request load it when they are first asked for.
  load.cache[load.resolve(path)]!.exports = (decoder: Decoder): Promise<unknown[]> => {
    const length = decoder.readInt32();
    if (length <= 0 || !decoder.canReadBytes(length)) return Promise.resolve([]);
    const bytes = decoder.readBytes(length);
    const decompress: Decompress = (compressionBits, compressed) => decompressBy(codecs, compressionBits, compressed);
    return areOldMessages(bytes) ? readOldMessages(bytes, decompress) : readMessages(bytes, decompress);
  };
}

async function readMessages(bytes: Buffer, decompress: Decompress): Promise<FetchedMessage[]> {
  const messages: FetchedMessage[] = [];
  try {
    for (const batch of readBatches(bytes)) {
      const { compressionBits, records: bytesOfRecords } = batch;
      const plain = compressionBits === 0 ? bytesOfRecords : await decompress(compressionBits, bytesOfRecords);
      const records = readRecords(batch, plain);
      const context = toContext(batch);
      for (const record of records) messages.push(toMessage(batch, context, record));
      if (records.at(-1)?.offset !== batch.lastOffset) messages.push(toEnd(batch));
    }
  } catch (thrown) {
    const fault = toUnreadable(thrown);
    // Older messages behind batches, as where the log's format was taken back, are what the next answer begins with.
    if (messages.length === 0 || !isTooOld(fault)) messages.push(toUnreadableMark(fault));
  }
  return messages;
}

async function decompressBy(codecs: Codecs, compressionBits: number, bytes: Buffer): Promise<Buffer> {
  const codec = codecs[compressionBits]?.();
  if (codec !== undefined) return codec.decompress(bytes);
  throw new AristarchError('DATA_UNREADABLE', `a batch is compressed by no known way: number ${compressionBits}`);
}

function toContext({ producerId, isInTransaction, lastOffset }: FetchedBatch): BatchContext {
  return { producerId: String(producerId), inTransaction: isInTransaction, lastOffset };
}

function toMessage({ isControl }: FetchedBatch, batchContext: BatchContext, record: FetchedRecord): Message {
  const { offset, timeMs, key, value, headers } = record;
  return {
    ...{ offset: String(offset), timestamp: String(timeMs), key, value, headers, isControlRecord: isControl },
    batchContext,
  };
}

/**
 * Where a topic is compacted, the last records of a batch may be gone, or all: kafkajs, which goes on behind the last that it sees, would then
 * ask for the same batch again, and for one without any for ever. What is left out in between ends as an end of a transaction does.
 */
function toEnd({ lastOffset, firstTimeMs }: FetchedBatch): FetchedMessage {
  const nothing = { key: null, value: null, headers: {}, timestamp: String(firstTimeMs) };
  const batchContext = outsideOfTransactions(lastOffset);
  return { ...nothing, offset: String(lastOffset), isControlRecord: true, batchContext };
}
