import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toThreshold } from '../../../src/training/report/thresholds.ts';

describe('a conformal threshold', () => {
  it('flags exactly the scores whose p-value is at most the rate', () => {
    const scores = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        scores,
        fc.constantFrom(0.5, 0.2, 0.1, 0.05, 0.02, 1 / 3),
        fc.integer({ min: -21, max: 21 }),
        (raw, rate, score) => {
          const ascending = raw.toSorted((a, b) => a - b);
          const pValue = (1 + ascending.filter((other) => other >= score).length) / (ascending.length + 1);
          const { threshold } = toThreshold(ascending, rate);
          expect(threshold !== undefined && score > threshold).toBe(pValue <= rate + 1e-12);
        },
      ),
    );
  });

  it('is absent below the smallest rate that the rows can promise, and says how many rows were needed', () => {
    const ascending = Array.from({ length: 98 }, (_, index) => index);
    expect(toThreshold(ascending, 0.01)).toEqual({ rate: 0.01, threshold: undefined, rowsNeeded: 99 });
    expect(toThreshold([...ascending, 98], 0.01)).toEqual({ rate: 0.01, threshold: 98, rowsNeeded: 99 });
  });
});
