import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { createRepeats } from '../../../src/server/kafka/repeats.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { ScoreRecords } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createSingleModel } from '../../../src/server/models/single.ts';
import { RecentScores } from '../../../src/server/recent-scores.ts';
import { ScoringService } from '../../../src/server/scoring-service.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { createBatch, createMemoryProducer, toMessage, toScorer } from './memory-kafka.ts';

const [A, B] = [
  { name: 'a', version: '1' },
  { name: 'b', version: '1' },
];
const messages = (...offsets: readonly number[]) => offsets.map((offset) => toMessage(offset, '{}'));

describe('events that come again', () => {
  it('are known by their offsets, for each partition, model and version', () => {
    const repeats = createRepeats();
    expect(repeats.countBefore(0, A, messages(1, 2))).toBe(0);
    repeats.scored(0, A, messages(1, 2));
    expect(repeats.countBefore(0, A, messages(1, 2))).toBe(2);
    expect(repeats.countBefore(0, A, messages(2, 5))).toBe(1);
    expect(repeats.countBefore(0, A, messages(3))).toBe(0);
    expect(repeats.countBefore(0, B, messages(1, 2))).toBe(0);
    expect(repeats.countBefore(0, { ...A, version: '2' }, messages(1, 2))).toBe(0);
    expect(repeats.countBefore(1, A, messages(1, 2))).toBe(0);
  });

  it('are forgotten with their commit, not before that', () => {
    const repeats = createRepeats();
    repeats.scored(0, A, messages(1, 2, 3));
    repeats.committed(0, 3n);
    expect(repeats.countBefore(0, A, messages(3, 4))).toBe(1);
    repeats.committed(0, 4n);
    // The topic was made anew.
    expect(repeats.countBefore(0, A, messages(0, 1))).toBe(0);
  });
});

describe('drift', () => {
  it('is told how many events of a batch come again, until they are committed', async () => {
    const again: number[] = [];
    let faults = 2;
    const producer = createMemoryProducer(() => {
      if (faults-- > 0) throw new AristarchError('UNAVAILABLE', 'nobody answers');
      return [];
    });
    const numbers = toScorer(createNumberDetector());
    const scorer: ScoreRecords = {
      ...numbers,
      score: (rows, records, make) => {
        again.push(records.repeated);
        return numbers.score(rows, records, make);
      },
    };
    const handle = createBatchHandler({
      scoring: {
        acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
        route: () => {
          throw new Error('the events are plain');
        },
      },
      reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
      results: JSON_RESULTS,
      deliveries: createPlainDeliveries(producer),
      config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 1 },
      metrics: createMetrics().kafka,
      log: pino({ level: 'silent' }),
    });
    const values = [1, 2, 3].map((x) => JSON.stringify({ x }));
    await handle(createBatch(values.slice(0, 2)));
    // More has come meanwhile.
    await handle(createBatch(values));
    await handle(createBatch(values));
    await handle(createBatch(values));
    expect(again).toEqual([0, 2, 3, 0]);
  });

  it('hears of each row once', async () => {
    const told: [number[], number][] = [];
    const drift = {
      observe: (rows: Float32Array, scores: Float32Array) => void told.push([[...rows], scores.length]),
      summary: () => {
        throw new Error('nobody asks');
      },
    };
    const model = { ...toOpenModel(createNumberDetector()), drift };
    const service = new ScoringService({
      ...{ models: createSingleModel(model), metrics: createMetrics(), recent: new RecentScores() },
      ...{ clock: SYSTEM_CLOCK, limits: { maxRows: 10 } },
    });
    const rows = new Float32Array([1, 2, 3]);
    await service.scoreBy(model, { transport: 'kafka', rows });
    await service.scoreBy(model, { transport: 'kafka', rows, repeated: 2 });
    expect(told).toEqual([
      [[1, 2, 3], 3],
      [[3], 1],
    ]);
  });
});
