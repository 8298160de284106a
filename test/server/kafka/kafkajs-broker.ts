import { createRequire } from 'node:module';
import { Writer } from '@platformatic/kafka';
import '../../../src/server/kafka/kafkajs/engine.ts';
import type { FetchedPartition } from '../../../src/server/kafka/kafkajs/aborted-messages.ts';
import { deliver } from '../../../src/server/kafka/kafkajs/consumer.ts';
import type { EachBatchPayload } from '../../../src/server/kafka/kafkajs/engine.ts';
import { toKafkaError } from '../../../src/server/kafka/kafkajs/faults.ts';
import { createMembership } from '../../../src/server/kafka/kafkajs/membership.ts';
import type { PartitionBatch } from '../../../src/server/kafka/port.ts';

/** What a broker answers of a partition of the topic `events`. */
export interface AnsweredPart {
  readonly partition: number;
  readonly errorCode?: number;
  readonly end: bigint;
  readonly aborted?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly records: Buffer;
}

const load = createRequire(import.meta.url);
/** The newest version that kafkajs knows. */
const FETCH_VERSION = 11;

/** An answer by that version. */
export function toOldAnswer(parts: readonly AnsweredPart[]): Buffer {
  const writer = Writer.create().appendInt32(0).appendInt16(0).appendInt32(0);
  writer.appendInt32(1).appendString('events', false).appendInt32(parts.length);
  for (const { partition, errorCode = 0, end, aborted = [], records } of parts) {
    writer.appendInt32(partition).appendInt16(errorCode).appendInt64(end).appendInt64(end).appendInt64(0n);
    writer.appendInt32(aborted.length);
    for (const { producerId, firstOffset } of aborted) writer.appendInt64(producerId).appendInt64(firstOffset);
    writer.appendInt32(-1).appendInt32(records.length).append(records);
  }
  return writer.buffer;
}

type Batch = EachBatchPayload['batch'];
type Part = FetchedPartition & { readonly partition: number; readonly highWatermark: string };
interface Broker {
  lookupRequest: (key: number, requests: { protocol(asked: { readonly version: number }): unknown }) => unknown;
  fetch(request: object): Promise<{ readonly responses: readonly { readonly partitions: readonly Part[] }[] }>;
}
interface Sent {
  readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
}

/** What kafkajs makes of a broker's answers, the last of which is the one to all further requests: a batch of each partition, as its runner is given it. */
export async function fetchByKafkajs(
  answers: readonly Buffer[],
  from: Readonly<Record<number, bigint>>,
): Promise<Batch[]> {
  const BrokerOf = load('kafkajs/src/broker') as new (parts: object) => Broker;
  const BatchOf = load('kafkajs/src/consumer/batch') as new (topic: string, from: string, part: Part) => Batch;
  let count = 0;
  const send = async ({ response }: Sent) => response.parse(await response.decode(answers[count++] ?? answers.at(-1)!));
  const broker = new BrokerOf({ connectionPool: { send }, logger: { namespace: () => ({}) } });
  broker.lookupRequest = (_key, requests) => requests.protocol({ version: FETCH_VERSION });
  const asked = Object.entries(from).map(([partition, offset]) => {
    return { partition: Number(partition), fetchOffset: String(offset), maxBytes: 2 ** 20 };
  });
  const { responses } = await broker.fetch({ maxBytes: 2 ** 24, topics: [{ topic: 'events', partitions: asked }] });
  const parts = responses.flatMap(({ partitions }) => partitions);
  return parts.map((part) => new BatchOf('events', String(from[part.partition] ?? 0n), part));
}

/** What is handed on of what its runner is given. */
export async function deliverByKafkajs(batch: Batch): Promise<PartitionBatch | undefined> {
  const membership = createMembership(
    (thrown) => toKafkaError(thrown, []),
    () => undefined,
  );
  let handed: PartitionBatch | undefined;
  const payload = { batch, isStale: () => false, isRunning: () => true } as unknown as EachBatchPayload;
  await deliver(payload, (each) => Promise.resolve(void (handed = each)), membership, 60_000);
  return handed;
}
