import { describe, expect, it } from '@jest/globals';
import { associationDistance, associations, ranksOf } from '../../bench/fidelity/associations.ts';
import type { Column } from '../../bench/fidelity/columns.ts';
import { marginalDistance } from '../../bench/fidelity/marginals.ts';
import { nearestDistances, nearness, quantile } from '../../bench/fidelity/nearest.ts';

const numbers = (...values: number[]): Column => ({ name: 'n', kind: 'number', values: Float64Array.from(values) });
const levels = (...values: (string | null)[]): Column => ({ name: 'c', kind: 'category', values });

describe('the distance of two spreads', () => {
  it.each([
    // After 2 the one has 2 of 4 rows and the other none.
    [numbers(1, 2, 3, 4), numbers(3, 4, 5, 6), 0.5],
    [numbers(1, 1, 1, 2), numbers(1, 2), 0.25],
    [numbers(3, 1, 2), numbers(2, 3, 1), 0],
    [numbers(0, 0), numbers(9, 9, 9), 1],
    // Half of the one is missing, and a quarter of the other.
    [numbers(NaN, NaN, 1, 1), numbers(NaN, 1, 1, 1), 0.25],
    // 1/2, 1/2, 0 and 1/4, 1/4, 1/2: (1/4 + 1/4 + 1/2) / 2.
    [levels('a', 'b'), levels('a', 'b', 'c', 'c'), 0.5],
    [levels('a', null), levels(null, 'a'), 0],
    [levels('a', null), levels('a', 'a'), 0.5],
  ])('%#', (a, b, distance) => {
    expect(marginalDistance(a, b)).toBeCloseTo(distance, 12);
    expect(marginalDistance(b, a)).toBeCloseTo(distance, 12);
  });

  it('is none between a number and a category', () => {
    expect(() => marginalDistance(numbers(1), levels('a'))).toThrow('column n is a number and a category');
  });
});

describe('the association of two columns', () => {
  const of = (a: Column, b: Column): number => associations([a, b])[0]![1]!;

  it('of numbers is the correlation of their ranks', () => {
    expect(of(numbers(1, 2, 3, 4), numbers(1, 10, 100, 1000))).toBeCloseTo(1);
    expect(of(numbers(1, 2, 3, 4), numbers(9, 7, 5, 3))).toBeCloseTo(-1);
    // 1 - 6 (0 + 1 + 1 + 0) / (4 (16 - 1)).
    expect(of(numbers(1, 2, 3, 4), numbers(1, 3, 2, 4))).toBeCloseTo(0.8);
    expect(of(numbers(1, 2, 3), numbers(5, 5, 5))).toBe(0);
  });

  it("of categories is Cramer's V", () => {
    expect(of(levels('a', 'a', 'b', 'b'), levels('x', 'x', 'y', 'y'))).toBeCloseTo(1);
    expect(of(levels('a', 'a', 'b', 'b'), levels('x', 'y', 'x', 'y'))).toBeCloseTo(0);
    // Cells 2, 1, 1, 2 of 6: chi squared is 6 (2 * 4 / 9 + 2 * 1 / 9 - 1) = 2 / 3, over 6 rows 1 / 9.
    expect(of(levels('a', 'a', 'a', 'b', 'b', 'b'), levels('x', 'x', 'y', 'x', 'y', 'y'))).toBeCloseTo(1 / 3);
    expect(of(levels('a', 'a'), levels('x', 'y'))).toBe(0);
  });

  it('of a category and a number is the correlation ratio of the ranks', () => {
    expect(of(levels('a', 'a', 'b', 'b'), numbers(5, 5, 7, 7))).toBeCloseTo(1);
    // Ranks 1, 2, 3, 4; between the levels 2 (1)^2 + 2 (1)^2 of 5: means 1.5 and 3.5.
    expect(of(levels('a', 'a', 'b', 'b'), numbers(1, 2, 3, 4))).toBeCloseTo(Math.sqrt(4 / 5));
    expect(of(numbers(1, 2, 3, 4), levels('a', 'a', 'b', 'b'))).toBeCloseTo(Math.sqrt(4 / 5));
  });

  it('leaves rows out where either is missing', () => {
    expect(of(numbers(1, 2, NaN, 3), numbers(1, 2, -99, 3))).toBeCloseTo(1);
    expect(of(levels('a', 'b', null), levels('x', 'y', 'x'))).toBeCloseTo(1);
  });

  it('differs by the mean over the pairs', () => {
    const [a, b] = [
      [
        [1, 0.5, 0],
        [0.5, 1, -0.2],
        [0, -0.2, 1],
      ],
      [
        [1, 0.2, 0],
        [0.2, 1, 0.4],
        [0, 0.4, 1],
      ],
    ] as const;
    expect(associationDistance(a, b)).toBeCloseTo((0.3 + 0 + 0.6) / 3);
  });

  it('gives equal values the middle of their ranks', () => {
    expect([...ranksOf([7, 3, 7, 1])]).toEqual([3.5, 2, 3.5, 1]);
  });
});

describe('nearness to training rows', () => {
  const training = [numbers(0, 10, 5), levels('a', 'b', null)];

  it("is Gower's distance to the nearest", () => {
    const rows = [numbers(0, 1, 10, 5), levels('a', 'a', 'c', null)];
    // The same; a tenth of the range in one of two columns; another level; missing is missing.
    expect([...nearestDistances(rows, training)]).toEqual([0, 0.05, 0.5, 0]);
  });

  it('counts a missing number as far from any', () => {
    expect([...nearestDistances([numbers(NaN), levels('a')], training)]).toEqual([0.5]);
  });

  it('shows copies: they are nearer than held-out rows are', () => {
    const far = Array.from({ length: 20 }, (_, row) => row / 2 + 0.2);
    const heldOut = [numbers(...far), levels(...far.map(() => 'a'))];
    expect(nearness(training, heldOut, training)).toEqual({ median: 0, closer: 1, copies: 1 });
    const { closer, copies } = nearness(heldOut, heldOut, training);
    expect(copies).toBe(0);
    expect(closer).toBeLessThanOrEqual(0.05);
  });

  it('takes quantiles between neighbours', () => {
    expect(quantile(Float64Array.of(4, 1, 2, 3), 0.5)).toBe(2.5);
    expect(quantile(Float64Array.of(7), 0.05)).toBe(7);
  });
});
