import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { deliver, openConsumer } from '../../../src/server/kafka/kafkajs/consumer.ts';
import type { EachBatchPayload, Kafka } from '../../../src/server/kafka/kafkajs/engine.ts';
import { createMembership } from '../../../src/server/kafka/kafkajs/membership.ts';
import type { KafkaClientConfig, PartitionBatch } from '../../../src/server/kafka/port.ts';
import { until } from '../../support/until.ts';

const fault = (): AristarchError => new AristarchError('UNAVAILABLE', 'not asked for');

/** A batch of one event, whose heartbeats fail with what the broker answers. */
function createPayload(partition: number, answer: () => string | undefined): EachBatchPayload {
  const message = { offset: '0', key: null, value: null, headers: {}, timestamp: '0' };
  const batch = { topic: 'events', partition, messages: [message], lastOffset: () => '0' };
  return {
    batch,
    isStale: () => false,
    isRunning: () => true,
    heartbeat: () => {
      const type = answer();
      return type === undefined ? Promise.resolve() : Promise.reject(Object.assign(new Error(type), { type }));
    },
  } as unknown as EachBatchPayload;
}

/** Batches of two partitions that are at work until no more of them is wanted, or until they are let go. */
function createWork(answer: () => string | undefined) {
  const told: string[] = [];
  const membership = createMembership(fault, () => void told.push('rebalancing'));
  membership.begin();
  const batches: PartitionBatch[] = [];
  let isOver = false;
  const handler = async (batch: PartitionBatch): Promise<void> => {
    batches.push(batch);
    await until('no more to be wanted', () => isOver || !batch.isWanted());
  };
  const work = [0, 1].map((partition) => deliver(createPayload(partition, answer), handler, membership, 5));
  return { membership, batches, told, work: Promise.allSettled(work), letGo: () => void (isOver = true) };
}

const CONFIG = { sessionTimeoutMs: 1_000, topicIn: 'events', groupId: 'g', startAt: 'earliest' } as KafkaClientConfig;

/** A client that joins its group when it begins, and anew where a batch fails, as kafkajs does. */
function createClient() {
  let join: (event: object) => void = () => undefined;
  let deliverBatch: (payload: EachBatchPayload) => Promise<void>;
  const consumer = {
    events: { GROUP_JOIN: 'join' },
    on(event: string, listener: typeof join) {
      if (event === 'join') join = listener;
    },
    connect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    run: ({ eachBatch }: { readonly eachBatch: typeof deliverBatch }) => {
      deliverBatch = eachBatch;
      join({ payload: { memberAssignment: {} } });
      return Promise.resolve();
    },
  };
  const turn = (payload: EachBatchPayload): Promise<void> =>
    deliverBatch(payload).catch(() => join({ payload: { memberAssignment: {} } }));
  return { kafka: { consumer: () => consumer } as unknown as Kafka, turn };
}

describe('a batch at work by kafkajs', () => {
  it.each(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])(
    'is wanted no more, nor are those of other partitions, as soon as a heartbeat fails with %s, which is told once',
    async (type) => {
      const broker: { answer?: string } = {};
      const { membership, batches, told, work } = createWork(() => broker.answer);
      expect(batches.map((batch) => batch.isWanted())).toEqual([true, true]);
      broker.answer = type;
      // The client is told after the work, and joins anew by it.
      expect(await work).toEqual(
        [0, 1].map(() => expect.objectContaining({ reason: expect.objectContaining({ type }) })),
      );
      expect(told).toEqual(['rebalancing']);
      membership.end();
      expect(told).toEqual(['rebalancing']);
      // Still ours: what was begun is committed.
      expect(batches.map((batch) => batch.isOurs())).toEqual([true, true]);
      membership.begin();
      expect(membership.isEnding).toBe(false);
      expect(batches.map((batch) => [batch.isOurs(), batch.isWanted()])).toEqual([
        [false, false],
        [false, false],
      ]);
    },
  );

  it('is wanted still where a heartbeat fails for another reason: the group is not dealt anew for it', async () => {
    let failed = 0;
    const { batches, told, work, letGo } = createWork(() => {
      failed += 1;
      return 'NOT_COORDINATOR_FOR_GROUP';
    });
    await until('heartbeats to fail', () => failed >= 4);
    expect(batches.map((batch) => batch.isWanted())).toEqual([true, true]);
    letGo();
    expect((await work).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(told).toEqual([]);
  });

  it('is wanted no more when the consumer is to stop, also where it joins once more meanwhile', async () => {
    const { membership, batches, told, work } = createWork(() => undefined);
    membership.stop();
    await work;
    membership.begin();
    expect([membership.isEnding, batches[0]!.isWanted(), told]).toEqual([true, false, []]);
  });

  it('is wanted again after a heartbeat that told of another dealing, though the next ones are answered well', async () => {
    const client = createClient();
    const wanted: boolean[] = [];
    let refused = true;
    const consumer = openConsumer(client.kafka, CONFIG, fault, () => undefined);
    await consumer.run(async (batch) => {
      if (refused) await until('no more to be wanted', () => !batch.isWanted());
      wanted.push(batch.isWanted());
    });
    const payload = createPayload(0, () => (refused ? 'REBALANCE_IN_PROGRESS' : undefined));
    await client.turn(payload);
    refused = false;
    await client.turn(payload);
    expect(wanted).toEqual([false, true]);
  });
});
