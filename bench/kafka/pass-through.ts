import { Consumer as PlatformaticConsumer, Producer as PlatformaticProducer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { createCount, FETCH_BYTES, type Job, PARTITIONS_AT_ONCE, type Run } from './job.ts';

/** Reads, sends on and commits with a client alone, under the settings that scoring has: the most that scoring could reach. */
export const PASS_THROUGH: { readonly [N in KafkaClientName]: (job: Job) => Promise<Run> } = {
  kafkajs: passThroughKafkajs,
  platformatic: passThroughPlatformatic,
};

async function passThroughKafkajs(job: Job): Promise<Run> {
  const kafka = new Kafka({ brokers: [...job.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: job.groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: FETCH_BYTES });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: job.topicIn, fromBeginning: true });
  const count = createCount(job.events);
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    async eachBatch(payload) {
      const { batch } = payload;
      count.begin();
      for (let start = 0; start < batch.messages.length; start += job.batch) {
        const slice = batch.messages.slice(start, start + job.batch);
        const messages = slice.map(({ key, value }) => ({ key, value }));
        await producer.send({ topic: job.topicOut, acks: -1, messages });
        const last = slice.at(-1)!.offset;
        const partitions = [{ partition: batch.partition, offset: String(BigInt(last) + 1n) }];
        await payload.commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] });
        payload.resolveOffset(last);
        count.add(slice.length);
      }
    },
  });
  const run = await count.done;
  await consumer.disconnect();
  await producer.disconnect();
  return run;
}

/** By the client's own consumer and producer, which scoring does not use. */
async function passThroughPlatformatic(job: Job): Promise<Run> {
  const base = { clientId: 'bench', bootstrapBrokers: [...job.brokers] };
  const producer = new PlatformaticProducer({ ...base, idempotent: true });
  const consumer = new PlatformaticConsumer({ ...base, groupId: job.groupId, maxWaitTime: 250 });
  const settings = { autocommit: false, maxBytes: FETCH_BYTES * PARTITIONS_AT_ONCE, highWaterMark: 4 * job.batch };
  const stream = await consumer.consume({
    topics: [job.topicIn],
    mode: 'committed',
    fallbackMode: 'earliest',
    ...settings,
  });
  const count = createCount(job.events);
  const waiting = new Map<number, { key: Buffer; value: Buffer; offset: bigint }[]>();
  let left = job.events;
  for await (const { key, value, partition, offset } of stream) {
    count.begin();
    const slice = waiting.get(partition) ?? [];
    waiting.set(partition, slice);
    slice.push({ key, value, offset });
    left -= 1;
    if (slice.length < job.batch && left > 0) continue;
    for (const [each, some] of left > 0 ? [[partition, slice] as const] : waiting) {
      waiting.delete(each);
      const messages = some.map((message) => ({ key: message.key, value: message.value, topic: job.topicOut }));
      await producer.send({ messages, acks: -1 });
      const done = { topic: job.topicIn, partition: each, offset: some.at(-1)!.offset + 1n, leaderEpoch: -1 };
      await consumer.commit({ offsets: [done] });
      count.add(some.length);
    }
    if (left === 0) break;
  }
  const run = await count.done;
  await consumer.close();
  await producer.close();
  return run;
}
