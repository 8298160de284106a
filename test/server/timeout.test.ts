import { describe, expect, it } from '@jest/globals';
import { toMilliseconds } from '../../src/server/grpc/timeout.ts';

describe('a grpc-timeout', () => {
  it.each([
    ['2H', 7_200_000],
    ['3M', 180_000],
    ['99999999S', 99_999_999_000],
    ['250m', 250],
    ['1999u', 1.999],
    ['700u', 0.7],
    ['12345678n', 12.345678],
    ['0m', 0],
    ['7 S', 7000],
  ])('of %s is %f ms', (text, ms) => {
    expect(toMilliseconds(text)).toBeCloseTo(ms, 9);
  });

  it.each(['', 'm', '5', '5x', '-5m', '123456789m', '1.5S', '5mm', '5constructor'])('of "%s" is none', (text) => {
    expect(toMilliseconds(text)).toBeUndefined();
  });
});
