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

/** What kafkajs 2.2.3 joins its group anew by (its runner, and `isRebalancing`); by anything else it gives up. */
const REJOINING = ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'UNKNOWN_MEMBER_ID'];

/** A client that joins its group when it begins, and anew where a batch fails by what kafkajs does so by. */
function createClient() {
  let joins = 0;
  let tell: (event: object) => void = () => undefined;
  const join = (): void => {
    joins += 1;
    tell({ payload: { memberAssignment: {} } });
  };
  let deliverBatch: (payload: EachBatchPayload) => Promise<void>;
  const consumer = {
    events: { GROUP_JOIN: 'join' },
    on(event: string, listener: typeof tell) {
      if (event === 'join') tell = listener;
    },
    connect: () => Promise.resolve(),
    subscribe: () => Promise.resolve(),
    run: ({ eachBatch }: { readonly eachBatch: typeof deliverBatch }) => {
      deliverBatch = eachBatch;
      join();
      return Promise.resolve();
    },
  };
  const turn = (payload: EachBatchPayload): Promise<void> =>
    deliverBatch(payload).catch((thrown: unknown) => {
      if (!REJOINING.includes((thrown as { readonly type?: string }).type ?? '')) throw thrown;
      join();
    });
  return { kafka: { consumer: () => consumer } as unknown as Kafka, turn, join, joins: () => joins };
}

describe('a batch at work by kafkajs', () => {
  it.each([
    ['REBALANCE_IN_PROGRESS', 'REBALANCE_IN_PROGRESS'],
    ['UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'],
    // By this one kafkajs would give up.
    ['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'],
  ])(
    'is wanted no more, nor are those of other partitions, as soon as a heartbeat fails with %s, which is told once',
    async (type, thrown) => {
      const broker: { answer?: string } = {};
      const { membership, batches, told, work } = createWork(() => broker.answer);
      expect(batches.map((batch) => batch.isWanted())).toEqual([true, true]);
      broker.answer = type;
      // The client is told after the work, and joins anew by it.
      expect(await work).toEqual(
        [0, 1].map(() => expect.objectContaining({ reason: expect.objectContaining({ type: thrown }) })),
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

  it.each(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])(
    'is wanted again after a heartbeat that told of another dealing by %s, though the next ones are answered well',
    async (type) => {
      const client = createClient();
      const wanted: boolean[] = [];
      let refused = true;
      const consumer = openConsumer(client.kafka, CONFIG, fault, () => undefined);
      await consumer.run(async (batch) => {
        if (refused) await until('no more to be wanted', () => !batch.isWanted());
        wanted.push(batch.isWanted());
      });
      const payload = createPayload(0, () => (refused ? type : undefined));
      await client.turn(payload);
      refused = false;
      await client.turn(payload);
      expect([wanted, client.joins()]).toEqual([[false, true], 2]);
    },
  );

  it('makes the client join once, where it has joined anew already when the batch ends', async () => {
    const client = createClient();
    const told: string[] = [];
    const consumer = openConsumer(client.kafka, CONFIG, fault, ({ kind }) => void told.push(kind));
    await consumer.run(async (batch) => {
      await until('no more to be wanted', () => !batch.isWanted());
      client.join();
    });
    await client.turn(createPayload(0, () => 'REBALANCE_IN_PROGRESS'));
    expect([client.joins(), told]).toEqual([2, ['joined', 'rebalancing', 'joined']]);
  });

  it.each(['heartbeat', 'commit'])(
    'says nothing of the new membership by a %s under the old one that fails late',
    async (which) => {
      const client = createClient();
      const told: string[] = [];
      const consumer = openConsumer(client.kafka, CONFIG, fault, ({ kind }) => void told.push(kind));
      let isAsked = false;
      let fail: () => void = () => undefined;
      const answer = () => {
        if (isAsked) return Promise.resolve();
        isAsked = true;
        return new Promise<void>((_, reject) => {
          fail = () => reject(Object.assign(new Error(), { type: 'ILLEGAL_GENERATION' }));
        });
      };
      await consumer.run(async (batch) => {
        const committing = which === 'commit' ? batch.commit(1n) : undefined;
        await until('the broker to be asked', () => isAsked);
        client.join();
        fail();
        if (committing !== undefined) expect(await committing).toBe('lost');
      });
      const asked = { [which === 'commit' ? 'commitOffsetsIfNecessary' : 'heartbeat']: answer };
      await client.turn({ ...createPayload(0, () => undefined), ...asked });
      expect([client.joins(), told]).toEqual([2, ['joined', 'joined']]);
    },
  );
});
