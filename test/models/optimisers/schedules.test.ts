import { describe, expect, it } from '@jest/globals';
import { SCHEDULES } from '../../../src/models/optimisers/schedules.ts';
import { decayAt } from '../../../src/models/optimisers/weight-average.ts';

/** Rates at the start, a quarter, half and three quarters of 100 updates at a rate of 8, by hand. */
const EXPECTED = {
  constant: [8, 8, 8, 8],
  'half-then-linear': [8, 8, 8, 4],
  linear: [8, 6, 4, 2],
  cosine: [8, 4 + 4 * Math.SQRT1_2, 4, 4 - 4 * Math.SQRT1_2],
  exponential: [8, 8 / Math.sqrt(10), 0.8, 0.8 / Math.sqrt(10)],
} as const satisfies Record<keyof typeof SCHEDULES, readonly number[]>;

describe('a learning rate over the updates', () => {
  it.each(Object.entries(EXPECTED))('is by %s as worked out by hand', (name, expected) => {
    const rate = SCHEDULES[name as keyof typeof SCHEDULES](8, 100);
    expected.forEach((value, quarter) => expect(rate(25 * quarter)).toBeCloseTo(value, 12));
  });

  it.each(Object.values(SCHEDULES))('neither falls below 0 nor rises again past the last update', (schedule) => {
    const rate = schedule(8, 100);
    expect(rate(100)).toBeGreaterThanOrEqual(0);
    expect(rate(150)).toBe(rate(100));
  });
});

describe('the decay of an average of weights', () => {
  it('starts at nothing, and lets half of the average be older than a twentieth of the updates at most', () => {
    expect(decayAt(0.999, 0)).toBe(0);
    expect(decayAt(0.999, 20)).toBeCloseTo(0.5, 12); // a half-life of one update
    expect(decayAt(0.999, 200) ** 10).toBeCloseTo(0.5, 12); // of ten
    expect(decayAt(0.999, 1e6)).toBe(0.999);
  });
});
