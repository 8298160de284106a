import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shortestFloat } from '../../../src/models/features/shortest-float.ts';

describe('the shortest decimal of a float32', () => {
  it.each([
    [Math.fround(0.1), 0.1],
    [Math.fround(-12.34), -12.34],
    [Math.fround(1 / 3), 0.33333334],
    [Math.fround(16_777_216), 16_777_216],
    [Math.fround(1e-45), 1e-45],
    [Math.fround(3.4028235e38), Math.fround(3.4028235e38)],
    [-0, -0],
    [Infinity, Infinity],
    [NaN, NaN],
  ])('of %p is %p', (value, decimal) => {
    expect(shortestFloat(value)).toBe(decimal);
  });

  it('names the same float32', () => {
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(Math.fround(shortestFloat(value))).toBe(value);
      }),
    );
  });
});
