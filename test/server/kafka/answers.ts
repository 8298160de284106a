import { Reader, Writer } from '@platformatic/kafka';
import { readAnswer } from '../../../src/server/kafka/platformatic/fetch.ts';
import { readFetched } from '../../../src/server/kafka/platformatic/records.ts';
import type { PartitionBatch } from '../../../src/server/kafka/port.ts';
import { unreadableAt } from '../../../src/server/kafka/read-record-batch.ts';
import { writePlainBatch } from '../../../src/server/kafka/record-batch.ts';
import { deliverByKafkajs, fetchByKafkajs, toOldAnswer } from './kafkajs-broker.ts';
import { createBatch } from './memory-kafka.ts';

const HEAD = { producerId: 7n, producerEpoch: 0, firstSequence: 0, isTransactional: false, timestampMs: 1_000 };

/** Batches of two events each, the first of which has offset 20; `flip` is a byte of one in which bits are others than they were. */
export function createLog(
  batches: number,
  flip?: { readonly batch: number; readonly at: number; readonly bits?: number },
): Buffer {
  const written = Array.from({ length: batches }, (_, place) => {
    const numbers = [2 * place, 2 * place + 1];
    const batch = writePlainBatch(
      numbers.map((x) => ({ key: Buffer.from(`k${x}`), value: Buffer.from(JSON.stringify({ x })), headers: {} })),
      HEAD,
    );
    batch.writeBigInt64BE(BigInt(20 + 2 * place), 0);
    if (flip?.batch === place) batch[flip.at]! ^= flip.bits ?? 0x10;
    return batch;
  });
  return Buffer.concat(written);
}

export const END = 30n;

/** What kafkajs makes of the records of an answer, from an offset on; undefined where it hands out nothing. */
export async function readByKafkajs(records: Buffer, from: bigint, ends = [END]): Promise<PartitionBatch | undefined> {
  const answers = ends.map((end) => toOldAnswer([{ partition: 3, end, records }]));
  const [batch] = await fetchByKafkajs(answers, { 3: from });
  return batch!.isEmpty() ? undefined : deliverByKafkajs(batch!);
}

/** What the other client makes of an answer with them, by version 13 of the protocol. */
export function readByPlatformatic(
  records: Buffer,
  from: bigint,
  [end] = [END],
  errorCode = 0,
): Promise<PartitionBatch> {
  const writer = Writer.create().appendInt32(0).appendInt16(0).appendInt32(0);
  writer.appendUnsignedVarInt(2).append(Buffer.alloc(16)).appendUnsignedVarInt(2);
  writer.appendInt32(3).appendInt16(errorCode).appendInt64(end).appendInt64(end).appendInt64(0n);
  writer
    .appendUnsignedVarInt(1)
    .appendInt32(-1)
    .appendUnsignedVarInt(records.length + 1)
    .append(records);
  const [answer] = readAnswer(Reader.from(writer.append(Buffer.alloc(3)).buffer));
  const { messages, nextOffset, unreadable } = readFetched(answer!, from);
  const source = { topic: 'events', partition: answer!.partition };
  const fault = unreadable && unreadableAt(source, nextOffset, unreadable);
  return Promise.resolve({ ...createBatch([]), ...source, messages, nextOffset, unreadable: fault });
}

export const offsetsOf = (batch: PartitionBatch | undefined) => batch?.messages.map(({ offset }) => Number(offset));
