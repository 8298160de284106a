import { describe, expect, it } from '@jest/globals';
import { createNumpyRandom } from '../../bench/support/numpy-random.ts';

/** Known answers from numpy 2: `np.random.RandomState(seed)`. */
describe("numpy's RandomState", () => {
  it.each([
    [0, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]],
    [1, [2, 9, 6, 4, 0, 3, 1, 7, 8, 5]],
    [2, [4, 1, 5, 0, 7, 2, 3, 6, 9, 8]],
    [4_294_967_295, [6, 9, 5, 1, 8, 0, 7, 4, 2, 3]],
  ])('permutes ten with seed %i', (seed, expected) => {
    expect([...createNumpyRandom(seed).permutation(10)]).toEqual(expected);
  });

  it('permutes fifty thousand, over many twists of the state', () => {
    const order = createNumpyRandom(0).permutation(50_000);
    expect([...order.subarray(0, 6)]).toEqual([11841, 19602, 45519, 25747, 42642, 31902]);
    expect([...order.subarray(-3)]).toEqual([42613, 43567, 2732]);
    expect(order.reduce((sum, value, index) => sum + value * index, 0)).toBe(31_242_990_078_676);
  });

  it('draws with replacement, and goes on from there', () => {
    const random = createNumpyRandom(7);
    expect([...random.integers(80, 12)]).toEqual([47, 68, 25, 67, 23, 57, 14, 23, 72, 42, 8, 39]);
    expect([...random.permutation(1000).subarray(0, 5)]).toEqual([171, 920, 578, 259, 237]);
  });

  it('draws nothing where there is one answer', () => {
    const random = createNumpyRandom(3);
    expect([...random.integers(1, 3)]).toEqual([0, 0, 0]);
    expect([...random.permutation(5)]).toEqual([3, 4, 1, 0, 2]);
  });
});
