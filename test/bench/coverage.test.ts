import { describe, expect, it } from '@jest/globals';
import { coverageOf } from '../../bench/families/coverage.ts';
import { pairedDifference } from '../../bench/families/paired.ts';
import { TOY_NAMES, TOY_SETS } from '../../bench/families/toy-sets.ts';
import { createRandom } from '../../src/base/philox.ts';

const { ring, grid, roll } = TOY_SETS;
const ROWS = 2500;

describe('coverage', () => {
  it('finds every part of the data themselves, with the share of a plane normal within three deviations', () => {
    // P(r < 3 sigma) = 1 - exp(-9/2) = 0.98889 in the plane; the roll's distance is across its curve alone: 0.9973.
    const wanted = { ring: 0.98889, grid: 0.98889, roll: 0.9973 };
    for (const name of TOY_NAMES) {
      const set = TOY_SETS[name];
      const { found, quality, divergence } = coverageOf(set, set.draw(ROWS, createRandom(5)));
      expect({ name, found }).toEqual({ name, found: set.parts });
      expect(Math.abs(quality - wanted[name])).toBeLessThan(0.007);
      // 2 n KL is about chi-squared with parts - 1 degrees of freedom: its mean, and four deviations above.
      const freedom = set.parts - 1;
      expect(2 * ROWS * divergence).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
    }
  });

  it('counts a collapsed generator as one part, with the largest divergence there is', () => {
    const rows = Float32Array.from({ length: 200 }, () => 2);
    expect(coverageOf(grid, rows)).toEqual({ found: 1, quality: 1, divergence: expect.closeTo(Math.log(25), 10) });
  });

  it('takes a row beyond three deviations for no find, though it counts for the part that it is nearest to', () => {
    const rows = Float32Array.of(0.149, 0, 2, 0.151, 2, 1.4, -2.4, 0);
    const quarter = { divergence: expect.closeTo(0.25 * Math.log(25 / 4) * 4, 10) };
    expect(coverageOf(grid, rows)).toEqual({ found: 1, quality: 0.25, ...quarter });
  });

  it('weighs parts by their rows: three in one and one in another', () => {
    const rows = Float32Array.of(2, 0, 2, 0, 2, 0, -2, 0);
    const wanted = 0.75 * Math.log(0.75 * 8) + 0.25 * Math.log(0.25 * 8);
    expect(coverageOf(ring, rows)).toEqual({ found: 2, quality: 1, divergence: expect.closeTo(wanted, 10) });
  });

  it('gives a uniform cloud every part and hardly any quality, so that the two are read together', () => {
    const cloud = new Float32Array(2 * ROWS);
    createRandom(1).stream('cloud').fillUniform(cloud, 0);
    const spread = cloud.map((value) => 5 * value - 2.5);
    const { found, quality } = coverageOf(grid, spread);
    expect(found).toBe(grid.parts);
    // 25 circles of radius 0.15 in a square of side 5.
    expect(Math.abs(quality - Math.PI * 0.15 ** 2)).toBeLessThan(0.02);
  });

  it('measures the roll across its curve, and tells where along it a row lies', () => {
    const [first, last] = [1.5 * Math.PI, 4.5 * Math.PI];
    const at = (t: number, out: number): [number, number] => [
      ((t + out) * Math.cos(t)) / 7.5,
      ((t + out) * Math.sin(t)) / 7.5,
    ];
    expect(roll.nearest(...at(first + 0.01, 0)).part).toBe(0);
    expect(roll.nearest(...at(last - 0.01, 0)).part).toBe(19);
    expect(roll.nearest(...at((first + last) / 2 - 0.01, 0)).part).toBe(9);
    // Radially outwards by 0.3, of which the curve's slant 1 / sqrt(1 + 1/t^2) is across it.
    const t = 8;
    expect(roll.nearest(...at(t, 0.3)).distance * 7.5).toBeCloseTo(0.3 / Math.sqrt(1 + 1 / t ** 2), 2);
  });

  it('refuses to measure nothing', () => {
    expect(() => coverageOf(grid, new Float32Array())).toThrow('no rows');
  });
});

describe('a paired difference', () => {
  it('has the interval of scipy.stats.ttest_rel', () => {
    // scipy.stats.ttest_rel([18, 20, 17, 19], [23, 24, 22, 21]).confidence_interval() of the second minus the first.
    const { pairs, mean, low, high } = pairedDifference([18, 20, 17, 19], [23, 24, 22, 21]);
    expect([pairs, mean]).toEqual([4, 4]);
    expect(low).toBeCloseTo(1.7496, 3);
    expect(high).toBeCloseTo(6.2504, 3);
  });

  it('refuses cases without a partner, and a single pair', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow('give 2 to 20');
    expect(() => pairedDifference([1], [2])).toThrow('give 2 to 20');
  });
});
