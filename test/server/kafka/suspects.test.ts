import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import { trySingly } from '../../../src/server/kafka/suspects.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

interface Options {
  /** How often the batch comes. */
  readonly times: number;
  readonly values?: readonly number[];
  /** Whether the model crashes at rows, which it is called with for the so-manyth time. */
  readonly crashes: (rows: readonly number[], time: number) => boolean;
}

/** Handles the same batch again and again, by a model that may crash; what became of it, and what was waited between single events. */
async function handleTimes({ times, values = [1, 2, 3], crashes }: Options) {
  const producer = createMemoryProducer();
  const waits: number[] = [];
  const calls = new Map<string, number>();
  const scorer = toScorer(
    createNumberDetector((rows) => {
      const name = rows.join();
      calls.set(name, (calls.get(name) ?? 0) + 1);
      if (crashes([...rows], calls.get(name)!)) throw new Error('crashed');
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
    wait: (ms) => Promise.resolve(waits.push(ms)),
  });
  const batch = createBatch(values.map((x) => JSON.stringify({ x })));
  for (let time = 0; time < times; time++) await handle(batch);
  return { sent: producer.sent, committed: batch.committed, pauses: batch.redeliveries.length, waits };
}

const NOTHING = { sent: {}, committed: [], waits: [] };

it('an event at which the model itself fails pauses its partition three times, is then found, and set aside after five attempts', async () => {
  const crashes = (rows: readonly number[]): boolean => rows.includes(2);
  expect(await handleTimes({ times: 3, crashes })).toEqual({ ...NOTHING, pauses: 3 });
  expect(await handleTimes({ times: 4, crashes })).toEqual({
    ...{ sent: { out: ['k0', 'k2'], dead: ['k1'] }, committed: [3n], pauses: 3, waits: [200, 400, 800, 1_600] },
  });
});

it('a fault that passes sets no event aside: those that failed alone are tried again, and all results keep their order', async () => {
  // Alone, the second event fails twice and the first one three times.
  const crashes = (rows: readonly number[], time: number): boolean =>
    rows.length > 1 || (rows[0] === 2 && time <= 2) || (rows[0] === 1 && time <= 3);
  expect(await handleTimes({ times: 4, crashes })).toEqual({
    ...{ sent: { out: ['k0', 'k1', 'k2'] }, committed: [3n], pauses: 3, waits: [200, 400, 800] },
  });
});

it('a model that begins to fail while single events are tried is waited for: no event is to blame', async () => {
  // It scores the first event once, and nothing after that.
  const crashes = (rows: readonly number[], time: number): boolean => rows.join() !== '1' || time > 1;
  expect(await handleTimes({ times: 4, crashes })).toEqual({ ...NOTHING, pauses: 4, waits: [200] });
  // It goes on for the time of all rounds, and fails at what it scored when they are over.
  const late = (rows: readonly number[], time: number): boolean => rows.join() !== '1' || time > 5;
  expect(await handleTimes({ times: 4, crashes: late })).toEqual({
    ...NOTHING,
    ...{ pauses: 4, waits: [200, 400, 800, 1_600] },
  });
});

it("a model that fails at all events is no event's fault, however often; nor can one event alone tell", async () => {
  expect(await handleTimes({ times: 6, crashes: () => true })).toEqual({ ...NOTHING, pauses: 6 });
  expect(await handleTimes({ times: 6, values: [1], crashes: () => true })).toEqual({ ...NOTHING, pauses: 6 });
});

it('a witness that is refused is none: what the model fails with is waited for', async () => {
  const [good, flawed] = ['good', 'flawed'];
  let asked = 0;
  const trial = trySingly([good, flawed], {
    attempt: (item) => {
      if (item === flawed) return Promise.reject(new Error('crashed'));
      return Promise.resolve(++asked <= 2 ? 'scored' : 'refused');
    },
    isScored: (outcome) => outcome === 'scored',
    mayBeOfItem: () => true,
    wait: () => Promise.resolve(),
  });
  await expect(trial).rejects.toMatchObject({ message: 'crashed' });
  expect(asked).toBe(3);
});
