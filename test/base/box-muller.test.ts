import { describe, expect, it } from '@jest/globals';
import { fillNormalPairs } from '../../src/base/box-muller.ts';
import { fillPhilox } from '../../src/base/philox-block.ts';

/** The formula itself, by `Math`. */
function byFormula(words: Uint32Array): number[] {
  return Array.from(words, (_, i) => {
    const pair = i - (i % 2);
    const radius = Math.sqrt(-2 * Math.log((words[pair]! + 1) / 2 ** 32));
    const angle = (2 * Math.PI * words[pair + 1]!) / 2 ** 32;
    return radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
}

function largestError(words: Uint32Array): number {
  const out = new Float32Array(words.length);
  fillNormalPairs(words, out, 0, out.length);
  return byFormula(words).reduce((most, expected, i) => Math.max(most, Math.abs(out[i]! - expected)), 0);
}

describe('pairs of normal values', () => {
  it('are those of the formula, to the rounding of a float32', () => {
    const words = new Uint32Array(100_000);
    fillPhilox(words, [1, 2, 3, 4, 5], 0);
    // Half a unit in the last place of numbers from 4 to 8.
    expect(largestError(words)).toBeLessThan(2 ** -22);
  });

  it('are those of the formula where the radius is largest or nothing, and at the ends of quarter turns', () => {
    const radii = [0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
    const turns = [
      0, 1, 0x1fffffff, 0x20000000, 0x40000000, 0x80000000, 0xc0000000, 0xdfffffff, 0xe0000000, 0xffffffff,
    ];
    const words = Uint32Array.from(radii.flatMap((radius) => turns.flatMap((turn) => [radius, turn])));
    expect(largestError(words)).toBeLessThan(1e-6);
  });

  it('stop at the end of the array', () => {
    const out = new Float32Array(4).fill(9);
    fillNormalPairs(Uint32Array.of(1, 2, 3, 4), out.subarray(0, 3), 0, 3);
    expect(out[3]).toBe(9);
    expect(out[2]).not.toBe(9);
  });
});
