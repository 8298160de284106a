import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom } from '../../../src/base/philox.ts';
import { sortedFinite } from '../../../src/models/features/sorted-finite.ts';

describe('sorting the finite values', () => {
  it.each([10, 5000])(
    'agrees with the sort of the language, on tables of at least %i values of every size',
    (count) => {
      const values = fc.array(fc.float({ noNaN: false }), { minLength: 1, maxLength: 40 });
      const property = fc.property(values, fc.integer({ min: 0, max: 99 }), (few, seed) => {
        const normal = new Float32Array(count);
        createRandom(seed).stream('x').fillNormal(normal, 0);
        const all = Float32Array.from([...few, ...normal.map((x) => x * 10 ** (x * 8)), -0, 0, NaN, Infinity]);
        const before = all.slice();
        const expected = all.filter(Number.isFinite).sort();
        expect(Buffer.from(sortedFinite(all).slice().buffer).equals(Buffer.from(expected.buffer))).toBe(true);
        expect(all).toEqual(before);
      });
      fc.assert(property, { numRuns: 30, seed: 3 });
    },
  );

  it('gives nothing of nothing', () => {
    expect(sortedFinite(Float32Array.of(NaN, Infinity))).toHaveLength(0);
  });
});
