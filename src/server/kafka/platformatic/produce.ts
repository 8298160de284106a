import type { Compression, OutboundMessage } from '../port.ts';
import { writePlainBatch, writeRecordBatch, writeRecords } from '../record-batch.ts';
import { compressionsAlgorithms, createAPI, produceV9, Writer } from './engine.ts';

/** Whose batches they are, as the broker has named it. */
export interface Identity {
  readonly transactionalId?: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** Makes batches of a session's messages, which are numbered from `firstSequence` on. */
export function createPartitionWriter(
  compression: Compression,
  { transactionalId, producerId, producerEpoch }: Identity,
) {
  const isTransactional = transactionalId !== undefined;
  const algorithm = compression === 'none' ? undefined : compressionsAlgorithms[compression];
  return (messages: readonly OutboundMessage[], firstSequence: number): Buffer => {
    const head = { producerId, producerEpoch, firstSequence, isTransactional, timestampMs: Date.now() };
    if (algorithm === undefined) return writePlainBatch(messages, head);
    const records = algorithm.compressSync(writeRecords(messages));
    return writeRecordBatch(records, { ...head, count: messages.length, compressionBits: algorithm.bitmask });
  };
}

export interface PartitionRecords {
  readonly partition: number;
  readonly batch: Buffer;
}

const PRODUCE_KEY = 0;
/** Known to every broker that this client works with; newer ones say more about what is not asked here. */
const PRODUCE_VERSION = 9;

/** Asks to write batches that are made already; the client's own request makes them by itself. */
export const PRODUCE = createAPI<
  [
    transactionalId: string | null,
    acks: number,
    timeoutMs: number,
    topic: string,
    batches: readonly PartitionRecords[],
  ],
  ReturnType<typeof produceV9.parseResponse>
>(PRODUCE_KEY, PRODUCE_VERSION, createRequest, produceV9.parseResponse);

function createRequest(
  transactionalId: string | null,
  acks: number,
  timeoutMs: number,
  topic: string,
  batches: readonly PartitionRecords[],
): Writer {
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(acks)
    .appendInt32(timeoutMs)
    .appendArray([topic], (topics, name) => {
      topics.appendString(name).appendArray([...batches], (each, { partition, batch }) => {
        each.appendInt32(partition).appendBytes(batch);
      });
    })
    .appendTaggedFields();
}
