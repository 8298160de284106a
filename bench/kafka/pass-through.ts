import { Consumer as PlatformaticConsumer, Producer as PlatformaticProducer } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { createCount, FETCH_BYTES, type Job, PARTITIONS_AT_ONCE, type Run } from './job.ts';

/** What a pass-through writes for each event: as many bytes as a result has, and a header like a result's. */
export interface PassThroughJob extends Job {
  readonly client: KafkaClientName;
  readonly resultBytes: number;
}

const HEADER = { name: 'aristarch-result-id', value: '6f0e2c3b-9d5c-5c0f-8a5b-1d6a7e4f9230' } as const;

/**
 * Reads, writes and commits with a client alone, as it was published, under the settings that scoring has: the same batches, partitions at
 * once, acknowledgements and bytes. In a process of its own: there, nothing of ours is between.
 */
export const PASS_THROUGH: { readonly [N in KafkaClientName]: (job: PassThroughJob) => Promise<Run> } = {
  kafkajs: passThroughKafkajs,
  platformatic: passThroughPlatformatic,
};

async function passThroughKafkajs(job: PassThroughJob): Promise<Run> {
  const kafka = new Kafka({ brokers: [...job.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: job.groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: FETCH_BYTES });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: job.topicIn, fromBeginning: true });
  const count = createCount(job.events);
  const value = Buffer.alloc(job.resultBytes, 'x');
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    async eachBatch(payload) {
      const { batch } = payload;
      count.begin();
      for (let start = 0; start < batch.messages.length; start += job.batch) {
        const slice = batch.messages.slice(start, start + job.batch);
        const messages = slice.map(({ key }) => ({ key, value, headers: { [HEADER.name]: HEADER.value } }));
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

interface Waiting {
  readonly key: Buffer;
  readonly offset: bigint;
}

/** By the client's own consumer and producer, which scoring does not use. */
async function passThroughPlatformatic(job: PassThroughJob): Promise<Run> {
  const base = { clientId: 'bench', bootstrapBrokers: [...job.brokers] };
  const producer = new PlatformaticProducer({ ...base, idempotent: true });
  const consumer = new PlatformaticConsumer({ ...base, groupId: job.groupId, maxWaitTime: 250 });
  const count = createCount(job.events);
  const deliver = createDelivery(job, producer, consumer, (some) => count.add(some));
  const stream = await consumer.consume({
    ...{ topics: [job.topicIn], mode: 'committed', fallbackMode: 'earliest', autocommit: false },
    ...{ maxBytes: FETCH_BYTES * PARTITIONS_AT_ONCE, highWaterMark: PARTITIONS_AT_ONCE * job.batch },
  });
  const waiting = new Map<number, Waiting[]>();
  const atWork = new Set<Promise<void>>();
  let left = job.events;
  for await (const { key, partition, offset } of stream) {
    count.begin();
    const slice = waiting.get(partition) ?? [];
    waiting.set(partition, slice);
    slice.push({ key, offset });
    left -= 1;
    if (slice.length < job.batch && left > 0) continue;
    for (const [each, some] of left > 0 ? [[partition, slice] as const] : [...waiting]) {
      waiting.delete(each);
      const work = deliver(each, some).finally(() => atWork.delete(work));
      work.catch(count.fail);
      atWork.add(work);
    }
    if (left === 0) break;
    while (atWork.size >= PARTITIONS_AT_ONCE) await Promise.race(atWork);
  }
  const run = await count.done;
  await consumer.close();
  await producer.close();
  return run;
}

/** Sends one request at a time, as an idempotent producer must, and commits beside them, in the order of each partition. */
function createDelivery(
  { topicIn, topicOut, resultBytes }: PassThroughJob,
  producer: PlatformaticProducer,
  consumer: PlatformaticConsumer,
  done: (count: number) => void,
) {
  const value = Buffer.alloc(resultBytes, 'x');
  const [name, id] = [Buffer.from(HEADER.name), Buffer.from(HEADER.value)];
  const commits = new Map<number, Promise<void>>();
  let sending: Promise<unknown> = Promise.resolve();
  return async (partition: number, slice: readonly Waiting[]): Promise<void> => {
    const messages = slice.map(({ key }) => ({ key, value, topic: topicOut, headers: new Map([[name, id]]) }));
    const before = commits.get(partition);
    const sent = (sending = sending.then(() => producer.send({ messages, acks: -1 })));
    const committed = Promise.all([sent, before]).then(() => {
      const offset = slice.at(-1)!.offset + 1n;
      return consumer.commit({ offsets: [{ topic: topicIn, partition, offset, leaderEpoch: -1 }] });
    });
    commits.set(partition, committed);
    await committed;
    done(slice.length);
  };
}
