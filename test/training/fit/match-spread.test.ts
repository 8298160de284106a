import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import type { RisingMap } from '../../../src/models/marginals.ts';
import { fitMap, fitOffsets } from '../../../src/training/fit/match-spread.ts';

/** The map's value, as `applyMap` has it. */
function valueAt({ thresholds, pieces }: RisingMap, x: number): number {
  const { value, rise, start, width } = pieces[thresholds.filter((threshold) => x > threshold).length]!;
  return value + rise * Math.min(1, Math.max(0, (x - start) / width));
}

const values = (count: number, of: (row: number) => number): Float32Array =>
  Float32Array.from({ length: count }, (_, row) => of(row));
const shareOf = (numbers: Float32Array, holds: (value: number) => boolean): number =>
  numbers.filter(holds).length / numbers.length;

describe('the map of a number', () => {
  it('gives the few values of training, each at its share, and no other', () => {
    const made = { values: values(1000, (row) => Math.sin(row)) };
    const map = fitMap(made, Float32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 7.5, NaN));
    const mapped = made.values.map((x) => valueAt(map, x));
    expect([...new Set(mapped)].sort()).toEqual([0, 1, 7.5]);
    expect(Math.abs(shareOf(mapped, (x) => x === 0) - 7 / 9)).toBeLessThan(0.003);
    expect(Math.abs(shareOf(mapped, (x) => x === 1) - 1 / 9)).toBeLessThan(0.003);
  });

  it('keeps the order of what was made, and the range of training', () => {
    const made = { values: values(500, (row) => (row * 37) % 101) };
    const map = fitMap(
      made,
      values(1000, (row) => Math.exp(row / 100)),
    );
    const ascending = values(400, (row) => -50 + row / 2).map((x) => valueAt(map, x));
    expect([...ascending]).toEqual([...ascending].sort((a, b) => a - b));
    expect(ascending[0]).toBe(1);
    expect(ascending.at(-1)).toBeCloseTo(Math.exp(9.99), 0);
  });

  it('gives a spread of many values to less than a hundredth, and a value that many rows have to the bit', () => {
    const stream = createRandom(1).stream('spread');
    const [noise, uniform] = [new Float32Array(4000), new Float32Array(4000)];
    stream.fillNormal(noise, 0);
    stream.fillUniform(uniform, 1);
    // A third of the rows is 0.1, between values below and above.
    const training = uniform.map((u) => (u < 1 / 3 ? 0.1 : u < 2 / 3 ? -u : u ** 3));
    const map = fitMap({ values: noise }, training);
    const mapped = noise.map((x) => valueAt(map, x));
    expect(
      Math.abs(shareOf(mapped, (x) => x === Math.fround(0.1)) - shareOf(training, (x) => x === Math.fround(0.1))),
    ).toBeLessThan(0.002);
    for (const bound of [-0.5, 0, 0.2, 0.5, 0.9]) {
      expect(Math.abs(shareOf(mapped, (x) => x < bound) - shareOf(training, (x) => x < bound))).toBeLessThan(0.01);
    }
  });

  it('counts rows by how likely the number is there', () => {
    // Rows below 0 are never there: the spread is that of the others.
    const made = {
      values: values(1000, (row) => row - 500),
      weights: Float64Array.from({ length: 1000 }, (_, row) => (row < 500 ? 0 : 1)),
    };
    const map = fitMap(made, Float32Array.of(1, 2));
    expect(valueAt(map, 240)).toBe(1);
    expect(valueAt(map, 260)).toBe(2);
  });

  it('of a number without a training value is constant', () => {
    const map = fitMap({ values: values(10, (row) => row) }, Float32Array.of(NaN));
    expect([-5, 3, 100].map((x) => valueAt(map, x))).toEqual([0, 0, 0]);
  });
});

describe('the offsets of levels', () => {
  const stream = createRandom(2).stream('logits');
  const data = new Float32Array(3000 * 5);
  stream.fillNormal(data, 0);
  const logits = { data, stride: 5, start: 1, count: 4 };

  it('make mean probabilities the shares, and never draw a level of share 0', () => {
    const shares = [0.7, 0.28, 0.02, 0];
    const { offsets, probabilities } = fitOffsets(logits, shares);
    shares.forEach((share, level) => {
      const mean = probabilities(level).reduce((sum, each) => sum + each, 0) / 3000;
      expect(Math.abs(mean - share)).toBeLessThan(1e-4);
    });
    expect(offsets[3]).toBe(0);
  });

  it('are nothing where the shares are right already, but for a constant', () => {
    const even = { data: new Float32Array(40), stride: 4, start: 0, count: 4 };
    const { offsets } = fitOffsets(even, [0.25, 0.25, 0.25, 0.25]);
    for (const offset of offsets) expect(offset).toBeCloseTo(0);
  });
});
