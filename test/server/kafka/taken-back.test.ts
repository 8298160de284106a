import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { createTransactionalDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { deliver } from '../../../src/server/kafka/kafkajs/consumer.ts';
import type { EachBatchPayload } from '../../../src/server/kafka/kafkajs/engine.ts';
import { createMembership } from '../../../src/server/kafka/kafkajs/membership.ts';
import type { PartitionBatch, TransactionalSession } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, routeTo, toMessage, toScorer } from './memory-kafka.ts';

interface Transaction {
  readonly keys: readonly string[];
  readonly nextOffset: bigint;
}

/** Brokers that hold committed transactions in their order, and may lose the last of them as an election does: offsets, results, and whose they were. */
function createBrokers() {
  let owner: object = {};
  const held: Transaction[] = [];
  const open = (): TransactionalSession => {
    const me = (owner = {});
    let sent: string[] = [];
    const check = (): void => {
      if (owner !== me) throw new AristarchError('UNAVAILABLE', 'INVALID_PRODUCER_EPOCH');
    };
    return {
      committed: held.at(-1)?.nextOffset,
      send: async (_, messages) => {
        check();
        sent.push(...messages.map(({ key }) => String(key)));
        return Promise.resolve();
      },
      commit: async ({ nextOffset }) => {
        check();
        held.push({ keys: sent, nextOffset });
        sent = [];
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  };
  return {
    client: { openTransactionalSession: () => Promise.resolve(open()) },
    lose: (count: number): void => {
      held.splice(held.length - count);
      owner = {};
    },
    results: () => held.flatMap(({ keys }) => keys),
  };
}

const LAST = 16;

/** Reads events from 10 on, two at a time, as a consumer does; answers how often a batch was left undone. */
async function consume(brokers: ReturnType<typeof createBrokers>, onDone: (position: bigint) => void): Promise<number> {
  const scorer = toScorer(createNumberDetector());
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createTransactionalDeliveries(brokers.client, { groupId: 'g', topicIn: 'events', topicsOut: ['out'] }),
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 3, pauseMs: 5_000 },
    metrics: createMetrics().kafka,
    log: pino({ level: 'silent' }),
  });
  let [position, undone] = [10n, 0];
  for (let turn = 0; position < LAST && turn < 20; turn++) {
    const messages = [0, 1].map((place) => toMessage(Number(position) + place, '{"x": 1}'));
    const advance = (to: bigint): void => void (position = to);
    const batch = { ...createBatch([]), messages, nextOffset: position + 2n, advance, goBackTo: advance };
    await handle(batch);
    undone += batch.redeliveries.length;
    if (batch.redeliveries.length === 0) onDone(position);
  }
  return undone;
}

const ALL = Array.from({ length: LAST - 10 }, (_, place) => `k${10 + place}`);

describe('transactions that are taken back after the process has gone on behind them', () => {
  it.each([
    ['the last one', 1],
    ['all of them, so that the group has no place', 2],
  ])('are done again, each event once: %s', async (_, count) => {
    const brokers = createBrokers();
    let isLost = false;
    const undone = await consume(brokers, (position) => {
      if (position !== 14n || isLost) return;
      isLost = true;
      brokers.lose(count);
    });
    expect(brokers.results()).toEqual(ALL);
    // By the fault of the old session, and by the place that the new one finds.
    expect(undone).toBe(2);
  });

  it('are none where a session is only shut out: nothing is done again', async () => {
    const brokers = createBrokers();
    const undone = await consume(brokers, (position) => position === 12n && brokers.lose(0));
    expect(brokers.results()).toEqual(ALL);
    expect(undone).toBe(1);
  });

  it('make kafkajs read again from the first event of them', async () => {
    const resolved: string[] = [];
    const payload = {
      batch: { topic: 'events', partition: 0, messages: [], lastOffset: () => '30' },
      isStale: () => false,
      isRunning: () => true,
      resolveOffset: (offset: string) => resolved.push(offset),
    } as unknown as EachBatchPayload;
    const membership = createMembership(
      () => new AristarchError('UNAVAILABLE', 'not asked for'),
      () => undefined,
    );
    const goBack = (batch: PartitionBatch): Promise<void> => {
      batch.goBackTo(20n);
      return Promise.resolve();
    };
    await deliver(payload, goBack, membership, 60_000);
    // Its next one is the one behind.
    expect(resolved).toEqual(['19']);
  });
});
