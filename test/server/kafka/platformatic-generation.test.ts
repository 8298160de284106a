import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { OpenGeneration } from '../../../src/server/kafka/platformatic/generation.ts';
import type { Membership } from '../../../src/server/kafka/platformatic/membership.ts';
import { createPartitions } from '../../../src/server/kafka/platformatic/partitions.ts';
import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';
import type { KafkaClientConfig, PartitionBatch } from '../../../src/server/kafka/port.ts';
import { until } from '../../support/until.ts';
import { createFetchWire } from './platformatic-wire.ts';

/** A generation of two partitions, each with an event at every offset; heartbeats are answered as the test says. */
function createGeneration(handler: (batch: PartitionBatch) => Promise<void>, data: Wire = createFetchWire(2).wire) {
  let standing: Awaited<ReturnType<Membership['heartbeat']>> = 'member';
  const told: string[] = [];
  const membership = {
    heartbeat: () => Promise.resolve(standing),
    commit: () => Promise.resolve('committed'),
  } as unknown as Membership;
  const open = new OpenGeneration(
    {
      config: { topicIn: 'events', sessionTimeoutMs: 1_000, concurrency: 2 } as KafkaClientConfig,
      fault: (thrown) => new AristarchError('UNAVAILABLE', String(thrown)),
      ...{ handler, membership, onHidden: () => undefined, onRebalancing: () => void told.push('rebalancing') },
      generation: { id: 1, memberId: 'm', partitions: [0, 1], partitionsCount: 2 },
      wires: { group: {} as Wire, data },
    },
    createPartitions(new Map([0, 1].map((partition) => [partition, 0n]))),
  );
  return { open, told, answer: (next: typeof standing) => void (standing = next) };
}

describe('batches at work by the other client', () => {
  it.each(['rebalancing', 'lost'] as const)(
    'are wanted no more as soon as a heartbeat says "%s", which is told once; none is begun behind them, and work ends with them',
    async (standing) => {
      const batches: PartitionBatch[] = [];
      const { open, told, answer } = createGeneration(async (batch) => {
        batches.push(batch);
        await until('no more to be wanted', () => !batch.isWanted());
      });
      const work = open.work(new AbortController().signal);
      await until('both partitions to be at work', () => batches.length === 2);
      expect(batches.map((batch) => batch.isWanted())).toEqual([true, true]);
      answer(standing);
      await work;
      expect(batches).toHaveLength(2);
      expect(told).toEqual(['rebalancing']);
    },
  );

  it('are wanted no more when the consumer is to stop, of which nothing is told', async () => {
    const batches: PartitionBatch[] = [];
    const { open, told } = createGeneration(async (batch) => {
      batches.push(batch);
      await until('no more to be wanted', () => !batch.isWanted());
    });
    const stop = new AbortController();
    const work = open.work(stop.signal);
    await until('both partitions to be at work', () => batches.length === 2);
    stop.abort();
    await work;
    expect([batches.length, told]).toEqual([2, []]);
  });

  it('are read again from an offset before them, where the handler goes back to it', async () => {
    const begun: bigint[] = [];
    const { open } = createGeneration(async (batch) => {
      if (batch.partition === 0) begun.push(batch.messages[0]!.offset);
      if (batch.partition === 1 || begun.length > 2) await until('no more to be wanted', () => !batch.isWanted());
      else if (begun.length === 1) batch.advance(batch.nextOffset);
      else {
        batch.goBackTo(0n);
        batch.redeliverAfter(0);
      }
    });
    const stop = new AbortController();
    const work = open.work(stop.signal);
    await until('the third batch', () => begun.length >= 3);
    stop.abort();
    await work;
    expect([begun[0], begun[1]! > 0n, begun[2]]).toEqual([0n, true, 0n]);
  });
});
