import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AristarchError } from '../../src/base/errors.ts';
import { createCalibration } from '../../src/scoring/calibration.ts';

/** The definition, row by row. */
const slowPValue = (scores: readonly number[], score: number) =>
  (1 + scores.filter((calibration) => calibration >= score).length) / (scores.length + 1);

/** Few distinct values, so that ties are common, among arbitrary ones. */
const score = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true, noDefaultInfinity: true }));
const calibrationScores = fc.array(score, { minLength: 1, maxLength: 200 }).map((list) => list.sort((a, b) => a - b));
const rate = fc.oneof(
  fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
  // Rates at which a p-value lies exactly, where rounding could go wrong.
  fc
    .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 201 }))
    .filter(([a, b]) => a < b)
    .map(([a, b]) => a / b),
);

function faultOf(work: () => unknown): AristarchError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AristarchError) return thrown;
  }
  throw new Error('no AristarchError was thrown');
}

describe('the p-value', () => {
  it('is the definition, ties included', () => {
    fc.assert(
      fc.property(calibrationScores, score, (scores, s) => {
        expect(createCalibration(scores).pValueOf(s)).toBe(slowPValue(scores, s));
      }),
    );
  });

  it('is 1 below every calibration score and 1 / (n + 1) above them, infinities included', () => {
    const { pValueOf } = createCalibration([1, 2, 2, 3]);
    expect([-Infinity, 1, 2, 2.5, 3, 4, Infinity].map(pValueOf)).toEqual([1, 1, 0.8, 0.4, 0.4, 0.2, 0.2]);
  });
});

describe('the threshold', () => {
  it('flags exactly where the p-value is at most the rate', () => {
    fc.assert(
      fc.property(calibrationScores, score, rate, (scores, s, r) => {
        const { smallestRate, thresholdAt, pValueOf } = createCalibration(scores);
        fc.pre(r >= smallestRate);
        expect(s > thresholdAt(r)).toBe(pValueOf(s) <= r);
        // At the calibration scores themselves, too, where ties decide.
        for (const c of scores) expect(c > thresholdAt(r)).toBe(slowPValue(scores, c) <= r);
      }),
      { numRuns: 500 },
    );
  });

  it('is a float32, so that a comparison in float32 agrees', () => {
    fc.assert(
      fc.property(calibrationScores, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (scores, r) => {
        const threshold = createCalibration(scores).thresholdAt(r);
        expect(Math.fround(threshold)).toBe(threshold);
      }),
    );
  });

  it('flags at most the promised share of the calibration rows', () => {
    const scores = Array.from({ length: 99 }, (_, i) => i);
    const { thresholdAt } = createCalibration(scores);
    expect(thresholdAt(0.05)).toBe(94);
    expect(scores.filter((s) => s > thresholdAt(0.05))).toHaveLength(4);
    expect(thresholdAt(0.01)).toBe(98);
    expect(thresholdAt(0.999)).toBe(0);
  });

  it('is refused below the smallest rate, which is named with what would help', () => {
    const { thresholdAt, smallestRate } = createCalibration(Array.from({ length: 99 }, (_, i) => i));
    expect(smallestRate).toBe(0.01);
    const fault = faultOf(() => thresholdAt(0.001));
    expect(fault.code).toBe('RATE_UNSUPPORTED');
    expect(fault.message).toBe(
      'a false-positive rate of 0.001 needs 999 calibration rows and this model has 99: ask for at least 0.01, or train with more rows',
    );
    expect(fault.data).toMatchObject({ smallestFalsePositiveRate: 0.01 });
  });

  it.each([0, 1, -0.1, 2, NaN])('is refused at a rate of %s', (bad) => {
    const fault = faultOf(() => createCalibration([1]).thresholdAt(bad));
    expect(fault.code).toBe('INVALID_INPUT');
    expect(fault.message).toContain('give a number between 0 and 1');
  });
});

describe('calibration scores', () => {
  it.each([[[]], [[2, 1]], [[1, NaN]], [[1, Infinity]], [[1, 1e300]]])('are refused when they are %j', (scores) => {
    expect(faultOf(() => createCalibration(scores)).code).toBe('ARTEFACT_INVALID');
  });
});
