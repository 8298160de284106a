import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { createRepeats } from '../../../src/server/kafka/repeats.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { ProducerPort, RecordScoring, ScoreRecords } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createSingleModel } from '../../../src/server/models/single.ts';
import { RecentScores } from '../../../src/server/recent-scores.ts';
import { ScoringService } from '../../../src/server/scoring-service.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { createBatch, createMemoryProducer, routeTo, toMessage, toScorer } from './memory-kafka.ts';

const [A, B] = [
  { name: 'a', version: '1' },
  { name: 'b', version: '1' },
];
const messages = (...offsets: readonly number[]) => offsets.map((offset) => toMessage(offset, '{}'));

/** A model that notes of which of its rows drift is to hear. */
function noting(model: ScoreRecords['model'], told: (readonly number[] | undefined)[]): ScoreRecords {
  const numbers = toScorer(createNumberDetector(), model);
  return {
    ...numbers,
    score: (rows, records, make) => {
      told.push(records.newRows);
      return numbers.score(rows, records, make);
    },
  };
}

function createHandler(producer: ProducerPort, scoring: RecordScoring) {
  return createBatchHandler({
    scoring,
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
    config: { topicOut: 'out', deadLetterTopic: 'dead', cloudEvents: 'off', maxBatchEvents: 10, pauseMs: 1 },
    metrics: createMetrics().kafka,
    log: pino({ level: 'silent' }),
  });
}

describe('events that come again', () => {
  it('are known by their offsets, for each partition, model and version', () => {
    const repeats = createRepeats();
    expect(repeats.findNew(0, A, messages(1, 2))).toBeUndefined();
    repeats.scored(0, A, messages(1, 2));
    expect(repeats.findNew(0, A, messages(1, 2))).toEqual([]);
    expect(repeats.findNew(0, A, messages(2, 5))).toEqual([1]);
    expect(repeats.findNew(0, A, messages(3))).toBeUndefined();
    expect(repeats.findNew(0, B, messages(1, 2))).toBeUndefined();
    expect(repeats.findNew(0, { ...A, version: '2' }, messages(1, 2))).toBeUndefined();
    expect(repeats.findNew(1, A, messages(1, 2))).toBeUndefined();
  });

  it('are forgotten with their commit, not before that', () => {
    const repeats = createRepeats();
    repeats.scored(0, A, messages(1, 2, 3));
    repeats.committed(0, 3n);
    expect(repeats.findNew(0, A, messages(3, 4))).toEqual([1]);
    repeats.committed(0, 4n);
    // The topic was made anew.
    expect(repeats.findNew(0, A, messages(1, 3))).toBeUndefined();
  });

  it('are those alone that the model has scored, where others lie between them', () => {
    const repeats = createRepeats();
    repeats.scored(0, A, messages(1, 4, 7));
    expect(repeats.findNew(0, A, messages(2, 3, 5))).toBeUndefined();
    expect(repeats.findNew(0, A, messages(4, 5, 6, 7, 8))).toEqual([1, 2, 4]);
    repeats.scored(0, A, messages(5, 6, 7, 8));
    expect(repeats.findNew(0, A, messages(1, 2, 3, 4, 5, 6, 7, 8))).toEqual([1, 2]);
  });

  it('are forgotten with a partition that is taken away, since somebody else commits them, and kept with others', () => {
    const repeats = createRepeats();
    for (const partition of [0, 1]) repeats.scored(partition, A, messages(1, 2));
    repeats.own([1, 2]);
    expect([0, 1].map((partition) => repeats.findNew(partition, A, messages(1, 2)))).toEqual([undefined, []]);
    repeats.own([0, 1]);
    expect(repeats.findNew(0, A, messages(1, 2))).toBeUndefined();
  });

  it('are told in a time that grows with them and no faster, though each was scored alone, in whatever order', async () => {
    const repeats = createRepeats();
    const count = 150_000;
    for (let offset = 0; offset < count; offset++) {
      // Where the time is over the test ends.
      if (offset % 1_000 === 0) await setImmediate();
      repeats.scored(0, A, messages(offset));
      repeats.scored(0, B, messages(count - offset));
    }
    let again = 0;
    for (let offset = 1; offset < count; offset++)
      for (const model of [A, B]) again += repeats.findNew(0, model, messages(offset))?.length === 0 ? 1 : 0;
    expect(again).toBe(2 * (count - 1));
  });

  it('are told as a list of all offsets would tell it, however batches come again in part', () => {
    const batch = fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(batch, fc.boolean()), { maxLength: 20 }), (steps) => {
        const repeats = createRepeats();
        const seen = new Set<number>();
        let done = 0;
        for (const [[from, length, step], isCommitted] of steps) {
          const offsets = Array.from({ length }, (_, place) => done + from + place * step);
          const expected = [...offsets.keys()].filter((place) => !seen.has(offsets[place]!));
          const told = repeats.findNew(0, A, messages(...offsets)) ?? [...offsets.keys()];
          expect(told).toEqual(expected);
          repeats.scored(0, A, messages(...offsets));
          offsets.forEach((offset) => seen.add(offset));
          if (!isCommitted) continue;
          // From there on they come, if they come again.
          done = offsets.at(-1)! + 1;
          repeats.committed(0, BigInt(done));
        }
      }),
    );
  });
});

describe('drift', () => {
  it('is told which events of a batch are new, until they are committed', async () => {
    const again: (readonly number[] | undefined)[] = [];
    let faults = 2;
    const producer = createMemoryProducer(() => {
      if (faults-- > 0) throw new AristarchError('UNAVAILABLE', 'nobody answers');
      return [];
    });
    const scorer = noting(A, again);
    const handle = createHandler(producer, {
      acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
      route: () => {
        throw new Error('the events are plain');
      },
    });
    const values = [1, 2, 3].map((x) => JSON.stringify({ x }));
    await handle(createBatch(values.slice(0, 2)));
    // More has come meanwhile.
    await handle(createBatch(values));
    await handle(createBatch(values));
    await handle(createBatch(values));
    expect(again).toEqual([undefined, [2], [], undefined]);
  });

  it('is told of events that the model judges in the place of another one, though it has judged later ones before', async () => {
    const again: (readonly number[] | undefined)[] = [];
    const serving = noting(A, again);
    const candidate = toScorer(createNumberDetector(), B, () => {
      throw new AristarchError('INTERNAL', 'the candidate fails');
    });
    const instead = { scorer: serving, because: () => undefined };
    const parts = [
      { scorer: serving, places: [1, 3] },
      { scorer: candidate, places: [0, 2], instead },
    ];
    const handle = createHandler(createMemoryProducer(), {
      acquireForAll: () => Promise.resolve(undefined),
      route: (records) => routeTo(serving, records, { parts }),
    });
    await handle(createBatch([1, 2, 3, 4].map((x) => JSON.stringify({ x }))));
    expect(again).toEqual([undefined, undefined]);
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
    await service.scoreBy(model, { transport: 'kafka', rows, newRows: [2] });
    expect(told).toEqual([
      [[1, 2, 3], 3],
      [[3], 1],
    ]);
  });
});
