import { describe, expect, it } from '@jest/globals';
import { overallOf, overallSpread, spreadOf, summariseSets } from '../../bench/quality/summary.ts';

const ranking = (set: string, auroc: number, averagePrecision: number) => ({
  ...{ family: 'adbench', set, auroc, averagePrecision },
});

describe('the summary of rankings', () => {
  it('takes means over sets of means over seeds, so that a set with more seeds weighs no more', () => {
    const sets = summariseSets([ranking('a', 0.9, 0.5), ranking('a', 0.7, 0.3), ranking('b', 0.6, 0.2)]);
    expect(sets.map(({ set, seeds }) => [set, seeds])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    const { auroc, averagePrecision } = overallOf(sets);
    expect(auroc).toBeCloseTo(0.7, 12);
    expect(averagePrecision).toBeCloseTo(0.3, 12);
  });

  it('gives the sample deviation, and none for one seed', () => {
    expect(spreadOf([1, 2, 4]).deviation).toBeCloseTo(Math.sqrt(7 / 3), 12);
    expect(spreadOf([3])).toEqual({ mean: 3, deviation: 0 });
  });

  it('spreads the mean over sets from seed to seed, not the sets', () => {
    const seeded = [0.9, 0.7, 0.5, 0.5].map((auroc, at) => ({
      ...ranking(at < 2 ? 'a' : 'b', auroc, auroc / 2),
      seed: at % 2,
    }));
    const { auroc, averagePrecision } = overallSpread(seeded);
    // 0.7 with seed 0, 0.6 with seed 1: within a seed the sets lie much further apart.
    expect(auroc.mean).toBeCloseTo(0.65, 12);
    expect(auroc.deviation).toBeCloseTo(0.1 / Math.SQRT2, 12);
    expect(averagePrecision.mean).toBeCloseTo(0.325, 12);
  });
});
