import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

/** Handles the same batch again and again, by a model that crashes where `crashes` says so of the rows; what became of it. */
async function handleTimes(times: number, values: readonly number[], crashes: (rows: readonly number[]) => boolean) {
  const producer = createMemoryProducer();
  const scorer = toScorer(
    createNumberDetector((rows) => {
      if (crashes([...rows])) throw new Error('crashed');
    }),
  );
  const handle = createBatchHandler({
    scoring: {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: (records) => routeTo(scorer, records),
    },
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 5_000 },
    ...{ metrics: createMetrics().kafka, log: pino({ level: 'silent' }), results: JSON_RESULTS },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    deliveries: createPlainDeliveries(producer),
  });
  const batch = createBatch(values.map((x) => JSON.stringify({ x })));
  for (let time = 0; time < times; time++) await handle(batch);
  return { sent: producer.sent, committed: batch.committed, pauses: batch.redeliveries.length };
}

it('an event at which the model itself fails pauses its partition three times, and is then found and set aside', async () => {
  const fails = (rows: readonly number[]): boolean => rows.includes(2);
  expect(await handleTimes(3, [1, 2, 3], fails)).toEqual({ sent: {}, committed: [], pauses: 3 });
  expect(await handleTimes(4, [1, 2, 3], fails)).toEqual({
    ...{ sent: { out: ['k0', 'k2'], dead: ['k1'] }, committed: [3n], pauses: 3 },
  });
});

it("a model that fails at all events is no event's fault, however often; nor can one event alone tell", async () => {
  const nothing = { sent: {}, committed: [], pauses: 6 };
  expect(await handleTimes(6, [1, 2, 3], () => true)).toEqual(nothing);
  expect(await handleTimes(6, [1], () => true)).toEqual(nothing);
});
