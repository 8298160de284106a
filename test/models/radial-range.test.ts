import { describe, expect, it } from '@jest/globals';
import { rangeOf } from '../../src/models/radial/decode.ts';
import type { NumberPlace } from '../../src/models/radial/places.ts';
import { fitUnion, type NumberScale } from '../../src/models/radial/union.ts';

/** How a number is spread in two sources. */
function placesOf(a: readonly number[], b: readonly number[], scale: NumberScale = 'standard'): NumberPlace[] {
  const schema = { fields: [{ name: 'x', kind: 'number', missing: false, integer: false }], excluded: [] } as const;
  const sources = [a, b].map((values, index) => ({
    name: `source${index}`,
    schema,
    readSlot: () => Float32Array.from(values),
  }));
  return fitUnion(sources, scale).numbers[0]!.places as NumberPlace[];
}

describe('the range of translated numbers', () => {
  const grams = [1000, 2000, 3000, 4000, 5000];
  const kilograms = [1, 2, 3, 4, 5];

  it("is of the target's units, whatever the source's", () => {
    for (const [source, target] of [
      [grams, kilograms],
      [kilograms, grams],
    ] as const) {
      const [from, to] = placesOf(source, target);
      const { smallest, largest } = rangeOf(to!, from, false);
      expect(smallest / target[0]!).toBeCloseTo(1, 5);
      expect(largest / target[4]!).toBeCloseTo(1, 5);
    }
  });

  it("reaches beyond the target's few rows as far as the source's do, in standard deviations", () => {
    const [from, to] = placesOf([-4, 0, 0, 0, 0, 0, 0, 4], [10, 20, 30]);
    expect(rangeOf(to!, from, false).largest).toBeCloseTo(20 + 2 * Math.sqrt(200 / 3), 3);
    expect(rangeOf(to!, from, false).smallest).toBeCloseTo(20 - 2 * Math.sqrt(200 / 3), 3);
  });

  it('goes by z-scores of logarithms where the column has them', () => {
    const [from, to] = placesOf([0, 9, 99, 999], [0, 99, 9999, 999_999], 'signed-log');
    const { smallest, largest } = rangeOf(to!, from, true);
    expect(smallest).toBe(0);
    expect(largest / 999_999).toBeCloseTo(1, 3);
  });

  it("has no other sign than both, and is the target's alone where the source lacks the column", () => {
    const [from, to] = placesOf([0, 50, 50, 50, 50, 50, 50, 100], [1, 2, 9]);
    expect(rangeOf(to!, from, false).smallest).toBe(0);
    expect(rangeOf(to!, null, false)).toEqual({ smallest: 1, largest: 9 });
  });
});
