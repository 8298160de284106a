import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createPlainDeliveries, type Deliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import {
  createBatch,
  createMemoryProducer,
  type MemoryBatch,
  type MemoryProducer,
  routeTo,
  toScorer,
} from './memory-kafka.ts';

/** A handler of slices of three. */
function createHandler(
  onScore: (first: number) => void,
  { producer = createMemoryProducer(), deliveries = createPlainDeliveries(producer) }: HandlerOptions = {},
) {
  const metrics = createMetrics();
  const scorer = toScorer(createNumberDetector(([first]) => onScore(first!)));
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    ...{ results: JSON_RESULTS, deliveries },
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 3, pauseMs: 5_000 },
    ...{ metrics: metrics.kafka, log: pino({ level: 'silent' }) },
  });
  async function consumed(): Promise<number> {
    const { body } = await metrics.render();
    return Number(/^aristarch_kafka_records_consumed_total\{[^}]*\} (\d+)$/m.exec(body)?.[1] ?? 0);
  }
  return { handle, sent: producer.sent, consumed };
}

interface HandlerOptions {
  readonly producer?: MemoryProducer;
  readonly deliveries?: Deliveries;
}

/** Nine events, of which no more are wanted once the test says so: the process is to stop, or the group is dealt anew. */
function nineEvents(): { batch: MemoryBatch; want: (isWanted: boolean) => void } {
  let isWanted = true;
  const batch = createBatch([...Array(9).keys()].map((x) => JSON.stringify({ x })));
  return { batch: { ...batch, isWanted: () => isWanted }, want: (wanted) => void (isWanted = wanted) };
}

it('the slice that is being scored when no more is wanted is finished and committed, and the rest of the fetch is left', async () => {
  const { batch, want } = nineEvents();
  const scored: number[] = [];
  const { handle, sent } = createHandler((first) => {
    scored.push(first);
    want(false);
  });
  await handle(batch);
  expect(scored).toEqual([0]);
  expect(sent).toEqual({ out: ['k0', 'k1', 'k2'] });
  expect(batch).toMatchObject({ committed: [3n], redeliveries: [] });
});

it('what was scored already while results were on their way is sent and committed too: nothing is scored for nobody', async () => {
  const { batch, want } = nineEvents();
  const scored: number[] = [];
  const memory = createMemoryProducer();
  const producer: MemoryProducer = {
    ...memory,
    async send(topic, messages) {
      while (scored.length < 2) await nextTurn();
      want(false);
      return memory.send(topic, messages);
    },
  };
  const { handle } = createHandler((first) => void scored.push(first), { producer });
  await handle(batch);
  expect(scored).toEqual([0, 3]);
  expect(memory.sent).toEqual({ out: ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'] });
  expect(batch).toMatchObject({ committed: [3n, 6n], redeliveries: [] });
});

it('a batch that comes when no more is wanted is left as it is, and no way out is opened for it', async () => {
  const { batch, want } = nineEvents();
  const fail = (): never => {
    throw new Error('nothing is to be done');
  };
  const deliveries = { ...createPlainDeliveries(createMemoryProducer()), open: fail };
  const { handle, sent } = createHandler(fail, { deliveries });
  want(false);
  await handle(batch);
  expect(sent).toEqual({});
  expect(batch).toMatchObject({ committed: [], redeliveries: [] });
});

it('events count as consumed where they are taken in hand: those that are left count when they come again, and not twice', async () => {
  const { batch, want } = nineEvents();
  const { handle, consumed } = createHandler(() => want(false));
  await handle(batch);
  expect(await consumed()).toBe(3);
  want(true);
  await handle({ ...batch, messages: batch.messages.slice(3) });
  expect(await consumed()).toBe(6);
});
