import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, type MemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

/** A handler of slices of three, which may be told to stop where the test is called. */
function createHandler(onScore: (first: number) => void, producer: MemoryProducer = createMemoryProducer()) {
  const stopping = new AbortController();
  const scorer = toScorer(createNumberDetector(([first]) => onScore(first!)));
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    ...{ results: JSON_RESULTS, deliveries: createPlainDeliveries(producer), stopping: stopping.signal },
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 3, pauseMs: 5_000 },
    ...{ metrics: createMetrics().kafka, log: pino({ level: 'silent' }) },
  });
  return { handle, stopping, sent: producer.sent };
}

const nineEvents = () => createBatch([...Array(9).keys()].map((x) => JSON.stringify({ x })));

it('a process that is to stop finishes and commits the slice that is being scored, and leaves the rest of the fetch', async () => {
  const batch = nineEvents();
  const scored: number[] = [];
  const { handle, stopping, sent } = createHandler((first) => {
    scored.push(first);
    stopping.abort();
  });
  await handle(batch);
  expect(scored).toEqual([0]);
  expect(sent).toEqual({ out: ['k0', 'k1', 'k2'] });
  expect(batch).toMatchObject({ committed: [3n], redeliveries: [] });
});

it('what was scored already while results were on their way is sent and committed too: nothing is scored for nobody', async () => {
  const batch = nineEvents();
  const scored: number[] = [];
  const memory = createMemoryProducer();
  const producer: MemoryProducer = {
    ...memory,
    async send(topic, messages) {
      while (scored.length < 2) await nextTurn();
      stopping.abort();
      return memory.send(topic, messages);
    },
  };
  const { handle, stopping } = createHandler((first) => void scored.push(first), producer);
  await handle(batch);
  expect(scored).toEqual([0, 3]);
  expect(memory.sent).toEqual({ out: ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'] });
  expect(batch).toMatchObject({ committed: [3n, 6n], redeliveries: [] });
});

it('a batch that comes when the process is to stop already is left as it is', async () => {
  const batch = nineEvents();
  const { handle, stopping, sent } = createHandler(() => {
    throw new Error('nothing is to be scored');
  });
  stopping.abort();
  await handle(batch);
  expect(sent).toEqual({});
  expect(batch).toMatchObject({ committed: [], redeliveries: [] });
});
