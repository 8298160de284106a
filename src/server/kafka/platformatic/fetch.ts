import type { AristarchError } from '../../../base/errors.ts';
import {
  brokersDamage,
  CORRUPT_MESSAGE,
  type FetchedBatch,
  type FetchedRecord,
  readBatches,
  readRecords,
  toUnreadable,
} from '../read-record-batch.ts';
import { decompress } from './codecs.ts';
import { createAPI, fetchV13, type Reader, ResponseError } from './engine.ts';

export interface ReadBatch {
  readonly batch: FetchedBatch;
  readonly records: readonly FetchedRecord[];
}

/** What a broker answers of a partition. */
export interface PartitionAnswer {
  readonly partition: number;
  readonly errorCode: number;
  /** For whoever reads all: its high watermark before the batches were read, so that they may lie behind it. */
  readonly end: bigint;
  readonly aborted: readonly AbortedTransaction[];
  /** Those that can be read. */
  readonly batches: readonly ReadBatch[];
  /** Why the next one cannot be, where that is so. */
  readonly unreadable: AristarchError | undefined;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

const FETCH_KEY = 1;
/** Known to every broker that this client works with: the first that calls topics by their ids. */
const FETCH_VERSION = 13;

/** The client's own request, whose answers are read here: it looks at no checksum, and one batch that cannot be read would spoil the whole answer. */
export const FETCH = createAPI<Parameters<typeof fetchV13.createRequest>, readonly PartitionAnswer[]>(
  FETCH_KEY,
  FETCH_VERSION,
  fetchV13.createRequest,
  (_correlation, _key, _version, reader) => readAnswer(reader),
);

/** Throws where the request as a whole, or a partition of it, was refused; the partitions are the error's `response`. */
export function readAnswer(reader: Reader): readonly PartitionAnswer[] {
  reader.skip(THROTTLE_BYTES);
  const refused: Record<string, [number, null]> = {};
  const errorCode = reader.readInt16();
  if (errorCode !== 0) refused['/'] = [errorCode, null];
  reader.skip(SESSION_BYTES);
  const topics = reader.readArray((topic) => {
    topic.readUUID();
    return topic.readArray((each) => readPartition(each));
  });
  const partitions = topics.flat();
  for (const [place, { errorCode: code }] of partitions.entries())
    if (code !== 0 && code !== CORRUPT_MESSAGE) refused[`/partitions/${place}`] = [code, null];
  if (Object.keys(refused).length > 0) throw new ResponseError(FETCH_KEY, FETCH_VERSION, refused, partitions);
  return partitions;
}

const THROTTLE_BYTES = 4;
const SESSION_BYTES = 4;
/** Where the partition ends for readers of committed messages, and where it begins. */
const OTHER_ENDS_BYTES = 2 * 8;
/** Which replica the broker would rather be asked for. */
const REPLICA_BYTES = 4;

function readPartition(reader: Reader): PartitionAnswer {
  const [partition, errorCode, end] = [reader.readInt32(), reader.readInt16(), reader.readInt64()];
  reader.skip(OTHER_ENDS_BYTES);
  const aborted = reader.readArray((each) => ({ producerId: each.readInt64(), firstOffset: each.readInt64() }));
  reader.skip(REPLICA_BYTES);
  const read = readAll(reader.readBytes());
  return {
    ...{ partition, errorCode, end, aborted },
    ...(errorCode === CORRUPT_MESSAGE ? { batches: [], unreadable: brokersDamage() } : read),
  };
}

function readAll(bytes: Buffer): Pick<PartitionAnswer, 'batches' | 'unreadable'> {
  const batches: ReadBatch[] = [];
  try {
    for (const batch of readBatches(bytes)) batches.push({ batch, records: readRecords(batch, decompress(batch)) });
  } catch (thrown) {
    return { batches, unreadable: toUnreadable(thrown) };
  }
  return { batches, unreadable: undefined };
}
