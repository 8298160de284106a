import { describe, expect, it } from '@jest/globals';
import { fillPhilox, type PhiloxPosition } from '../../src/base/philox-block.ts';
import { createRandom } from '../../src/base/philox.ts';

const hex = (words: Uint32Array) => Array.from(words, (word) => word.toString(16).padStart(8, '0'));

function block(c0: number, position: PhiloxPosition): string[] {
  const out = new Uint32Array(4);
  fillPhilox(out, position, c0);
  return hex(out);
}

function moments(values: Float32Array): { mean: number; variance: number; skewness: number; kurtosis: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

function correlation(a: Float32Array, b: Float32Array): number {
  const [ma, mb] = [moments(a), moments(b)];
  const covariance = a.reduce((sum, x, i) => sum + (x - ma.mean) * (b[i]! - mb.mean), 0) / a.length;
  return covariance / Math.sqrt(ma.variance * mb.variance);
}

const COUNT = 400_000;
const uniform = (...path: (string | number)[]) => {
  const out = new Float32Array(COUNT);
  createRandom(7)
    .stream(...path)
    .fillUniform(out, 0);
  return out;
};

describe('Philox4x32-10', () => {
  it("gives Random123's known answers", () => {
    expect(block(0, [0, 0, 0, 0, 0])).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
    const ones = 0xffffffff;
    expect(block(ones, [ones, ones, ones, ones, ones])).toEqual(['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd']);
    expect(block(0x243f6a88, [0xa4093822, 0x299f31d0, 0x85a308d3, 0x13198a2e, 0x03707344])).toEqual([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1',
    ]);
  });

  it('cuts the last block where the array ends', () => {
    const [long, short] = [new Uint32Array(8), new Uint32Array(6)];
    fillPhilox(long, [1, 2, 3, 4, 5], 9);
    fillPhilox(short, [1, 2, 3, 4, 5], 9);
    expect(hex(short)).toEqual(hex(long.subarray(0, 6)));
  });
});

describe('a random stream', () => {
  it('gives the same bytes for the same seed, path and step, whatever was drawn before', () => {
    const first = new Float32Array(10_001);
    const second = new Float32Array(10_001);
    createRandom(3).stream('noise', 2).fillNormal(first, 41);
    const stream = createRandom(3n).stream('noise', 2);
    stream.fillUniform(new Float32Array(99), 41);
    stream.fillNormal(new Float32Array(99), 40);
    stream.fillNormal(second, 41);
    expect(second).toEqual(first);
  });

  it('starts a longer draw with the shorter one, across the chunks it is made of', () => {
    const [long, short] = [new Float32Array(9_000), new Float32Array(4_098)];
    const stream = createRandom(3).stream('x');
    stream.fillUniform(long, 0);
    stream.fillUniform(short, 0);
    expect(long.subarray(0, short.length)).toEqual(short);
  });

  it('pins its values, so that no release silently changes what a seed means', () => {
    const out = new Float32Array(3);
    const stream = createRandom(1).stream('pin');
    stream.fillUniform(out, 0);
    expect(Array.from(out)).toMatchInlineSnapshot(`
     [
       0.8727039694786072,
       0.10834521055221558,
       0.49491220712661743,
     ]
    `);
    stream.fillNormal(out, 2 ** 40);
    expect(Array.from(out)).toMatchInlineSnapshot(`
     [
       -0.08780663460493088,
       -0.1248185858130455,
       0.1782190203666687,
     ]
    `);
    expect(Array.from(stream.permutation(8))).toMatchInlineSnapshot(`
     [
       7,
       0,
       1,
       6,
       4,
       3,
       5,
       2,
     ]
    `);
  });

  it('is uncorrelated with other paths, seeds, steps and kinds of draw', () => {
    const base = uniform('a', 1);
    const other = new Float32Array(COUNT);
    const fills: (() => void)[] = [
      () => createRandom(7).stream('a', 2).fillUniform(other, 0),
      () => createRandom(7).stream('a1').fillUniform(other, 0),
      () => createRandom(8).stream('a', 1).fillUniform(other, 0),
      () => createRandom(7).stream('a', 1).fillUniform(other, 1),
      () =>
        createRandom(7)
          .stream('a', 1)
          .fillUniform(other, 2 ** 32),
      () => createRandom(7).stream('a', 1).fillIntegers(other, 0, 1000),
      () => createRandom(7).stream('a', 1).fillNormal(other, 0),
    ];
    for (const fill of fills) {
      fill();
      expect(Math.abs(correlation(base, other))).toBeLessThan(0.008);
    }
  });

  it('draws uniforms in [0, 1) with the moments of the uniform distribution', () => {
    const values = uniform('u');
    const { mean, variance, kurtosis } = moments(values);
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 3);
    expect(kurtosis).toBeCloseTo(1.8, 1);
  });

  it('draws normals with the moments and tails of the normal distribution', () => {
    const values = new Float32Array(COUNT);
    createRandom(7).stream('n').fillNormal(values, 0);
    const { mean, variance, skewness, kurtosis } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.006);
    expect(Math.abs(variance - 1)).toBeLessThan(0.01);
    expect(Math.abs(skewness)).toBeLessThan(0.015);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.04);
    expect(values.filter((x) => Math.abs(x) > 1.959964).length / COUNT).toBeCloseTo(0.05, 2);
  });

  it('draws whole numbers below the bound, each as often', () => {
    const values = new Float32Array(COUNT);
    createRandom(7).stream('i').fillIntegers(values, 0, 7);
    const counts = new Array<number>(7).fill(0);
    for (const value of values) counts[value]! += 1;
    const expected = COUNT / 7;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(counts).toHaveLength(7);
    // 6 degrees of freedom: 22.5 is exceeded once in a thousand seeds.
    expect(chiSquared).toBeLessThan(22.5);
  });

  it('permutes without losing or doubling an element, differently at each step', () => {
    const stream = createRandom(7).stream('p');
    const order = stream.permutation(1000);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(stream.permutation(1000)).toEqual(order);
    expect(stream.permutation(1000, 1)).not.toEqual(order);
    expect(stream.permutation(0)).toHaveLength(0);
  });

  it('refuses a fractional seed, a negative step and a bound that float32 cannot hold', () => {
    const out = new Float32Array(4);
    expect(() => createRandom(0.5)).toThrow('seed is 0.5: give a whole number');
    expect(() => createRandom(1).stream('x').fillUniform(out, -1)).toThrow('step is -1');
    expect(() =>
      createRandom(1)
        .stream('x')
        .fillIntegers(out, 0, 2 ** 25),
    ).toThrow('bound is 33554432');
  });
});
