import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { deliver } from '../../../src/server/kafka/kafkajs/consumer.ts';
import type { EachBatchPayload } from '../../../src/server/kafka/kafkajs/engine.ts';
import { createMembership } from '../../../src/server/kafka/kafkajs/membership.ts';
import type { PartitionBatch } from '../../../src/server/kafka/port.ts';
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
  return { membership, batches, told, work: Promise.all(work), letGo: () => void (isOver = true) };
}

describe('a batch at work by kafkajs', () => {
  it.each(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])(
    'is wanted no more, nor are those of other partitions, as soon as a heartbeat fails with %s, which is told once',
    async (type) => {
      const broker: { answer?: string } = {};
      const { membership, batches, told, work } = createWork(() => broker.answer);
      expect(batches.map((batch) => batch.isWanted())).toEqual([true, true]);
      broker.answer = type;
      await work;
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
    await work;
    expect(told).toEqual([]);
  });

  it('is wanted no more when the consumer is to stop, also where it joins once more meanwhile', async () => {
    const { membership, batches, told, work } = createWork(() => undefined);
    membership.stop();
    await work;
    membership.begin();
    expect([membership.isEnding, batches[0]!.isWanted(), told]).toEqual([true, false, []]);
  });
});
