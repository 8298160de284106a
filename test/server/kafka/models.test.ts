import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { RecordScoring } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

interface TrialParts {
  readonly before: () => void;
}

/** A batch of three events, whose candidate does what it is told to before it scores; and what became of the batch. */
async function handleTrial({ before }: TrialParts) {
  const detector = createNumberDetector();
  const scorer = (version: string, check?: () => void) => toScorer(detector, { name: 'numbers', version }, check);
  const failures: string[] = [];
  const instead = { scorer: scorer('1'), because: ({ code }: AristarchError) => void failures.push(code) };
  const scoring: RecordScoring = {
    acquireForAll: () => Promise.resolve(undefined),
    route: (records) =>
      routeTo(scorer('2'), records, {
        parts: [{ scorer: scorer('2', before), places: [...records.keys()], instead }],
      }),
  };
  const results: unknown[] = [];
  const producer = createMemoryProducer((topic, messages) => {
    if (topic === 'out')
      results.push(
        ...messages.map(({ value }) => (JSON.parse(String(value)) as { modelVersion: string }).modelVersion),
      );
    return [];
  });
  const handle = createBatchHandler({
    ...{ scoring, config: CONFIG, metrics: createMetrics().kafka, log: pino({ level: 'silent' }) },
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
  });
  const batch = createBatch([1, 2, 3].map((x) => JSON.stringify({ x })));
  await handle(batch);
  return { failures, results, committed: batch.committed, redeliveries: batch.redeliveries };
}

const CONFIG = {
  topicOut: 'out',
  deadLetterTopic: 'dead',
  cloudEvents: 'off',
  maxBatchEvents: 10,
  pauseMs: 5_000,
} as const;

it('events of one batch go to the models that judge them; results keep their order, and what no model judges is set aside', async () => {
  const detector = createNumberDetector();
  const scorer = (name: string) =>
    toScorer(detector, { name, version: 'v1' }, () => void did.push(`scores by ${name}`));
  const did: string[] = [];
  const reason = new AristarchError('NOT_FOUND', 'there is no model "c"');
  const scoring: RecordScoring = {
    acquireForAll: () => Promise.resolve(undefined),
    async *route(records) {
      const placesOf = (tenant: string): number[] =>
        [...records.keys()].filter((place) => records[place]!['tenant'] === tenant);
      for (const name of ['b', 'a']) {
        did.push(`asks for ${name}`);
        const release = (): void => void did.push(`releases ${name}`);
        yield { parts: [{ scorer: scorer(name), places: placesOf(name) }], refused: [], release };
      }
      const refused = placesOf('c').map((place) => ({ place, reason }));
      yield await Promise.resolve({ parts: [], refused, release: () => undefined });
    },
  };
  const models: unknown[] = [];
  const producer = createMemoryProducer((topic, messages) => {
    if (topic === 'out')
      models.push(...messages.map(({ value }) => (JSON.parse(String(value)) as { model: string }).model));
    return [];
  });
  const handle = createBatchHandler({
    scoring,
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
    config: CONFIG,
    metrics: createMetrics().kafka,
    log: pino({ level: 'silent' }),
  });
  const batch = createBatch(['a', 'b', 'c', 'a', 'b'].map((tenant, x) => JSON.stringify({ tenant, x })));
  await handle(batch);
  expect(producer.sent).toEqual({ out: ['k0', 'k1', 'k3', 'k4'], dead: ['k2'] });
  expect(models).toEqual(['a', 'b', 'a', 'b']);
  expect(batch.committed).toEqual([5n]);
  expect(did).toEqual(['b', 'a'].flatMap((name) => [`asks for ${name}`, `scores by ${name}`, `releases ${name}`]));
});

it.each(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'] as const)(
  'a candidate whose fault passes by itself (%s) is not waited for either',
  async (code) => {
    const trial = await handleTrial({
      before: () => {
        throw new AristarchError(code, 'not now');
      },
    });
    expect(trial).toEqual({ results: ['1', '1', '1'], committed: [3n], failures: [code], redeliveries: [] });
  },
);

it('a candidate that crashes is answered for by the version that serves', async () => {
  const trial = await handleTrial({
    before: () => {
      throw new Error('crashed');
    },
  });
  expect(trial).toEqual({ results: ['1', '1', '1'], committed: [3n], failures: ['INTERNAL'], redeliveries: [] });
});
