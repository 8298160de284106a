import { describe, expect, it } from '@jest/globals';
import { correlation, largestDistance, ranks } from '../../../src/training/continue/compare.ts';

describe('ranks', () => {
  it('are shared by equal scores', () => {
    expect([...ranks(Float32Array.of(3, 1, 2, 1, 1))]).toEqual([4, 1, 3, 1, 1]);
  });
});

describe('correlation', () => {
  it('of ranks is Spearman’s', () => {
    // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]).statistic
    const rho = correlation(ranks(Float32Array.of(1, 2, 3, 4, 5)), ranks(Float32Array.of(5, 6, 7, 8, 7)));
    expect(rho).toBeCloseTo(0.8207826816681233, 12);
  });

  it('is 0 where nothing varies', () => {
    expect(correlation(Float64Array.of(1, 1), Float64Array.of(1, 2))).toBe(0);
  });
});

describe('the largest distance', () => {
  it('is that of Kolmogorov and Smirnov, ties included', () => {
    // scipy.stats.ks_2samp([1, 2, 2, 3, 9], [2, 2, 4, 5]).statistic
    expect(largestDistance([1, 2, 2, 3, 9], [2, 2, 4, 5])).toBeCloseTo(0.3, 12);
  });

  it('is 0 of a sample from itself and 1 of samples apart', () => {
    expect(largestDistance([1, 2, 2], [1, 2, 2])).toBe(0);
    expect(largestDistance([1, 2], [3, 4])).toBe(1);
  });
});
