import { describe, expect, it } from '@jest/globals';
import { createNumpyRandom } from '../../bench/support/numpy-random.ts';
import { PROTOCOLS } from '../../bench/support/protocols.ts';
import { prepareSet } from '../../bench/support/detector.ts';

/** Every tenth row is an anomaly. */
const flags = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, row) => (row % 10 === 0 ? 1 : 0));

describe('the split protocol', () => {
  it('trains on half of the normal rows of a shuffled table and tests all else, no row twice', () => {
    const anomalous = flags(1001);
    const { train, test } = PROTOCOLS.split(anomalous, 3);
    expect(train.length).toBe(450);
    expect([...train].every((row) => anomalous[row] === 0)).toBe(true);
    expect(new Set([...train, ...test]).size).toBe(1001);
    const normals = createNumpyRandom(3)
      .permutation(1001)
      .filter((row) => anomalous[row] === 0);
    expect(train).toEqual(normals.subarray(0, 450));
  });

  it('takes at most 20,000 rows', () => {
    const { train, test } = PROTOCOLS.split(flags(30_000), 0);
    expect(train.length + test.length).toBe(20_000);
  });
});

describe('the published protocol', () => {
  it('keeps the order of the file', () => {
    const { train } = PROTOCOLS.published(flags(2000), 0);
    expect([...train.subarray(0, 4)]).toEqual([1, 2, 3, 4]);
    expect(train.length).toBe(900);
  });

  it('draws small sets with replacement to 1,000 rows before it splits', () => {
    const { train, test } = PROTOCOLS.published(flags(100), 0);
    expect(train.length + test.length).toBe(1000);
    expect([...test].some((row) => train.includes(row))).toBe(true);
  });
});

describe('a prepared set', () => {
  it('leaves out columns that are constant in the training rows, also where test rows vary', () => {
    const rows = Float32Array.from([1, 5, 1, 2, 5, 2, 3, 6, 3]);
    const split = { train: Uint32Array.of(0, 1), test: Uint32Array.of(2) };
    const { schema, train, test } = prepareSet({ rows, width: 3, anomalous: Uint8Array.of(0, 0, 1) }, split);
    expect(schema.fields.map(({ name }) => name)).toEqual(['f0', 'f2']);
    expect(train).toEqual({ data: Float32Array.of(1, 1, 2, 2), shape: [2, 2] });
    expect(test).toEqual({ data: Float32Array.of(3, 3), shape: [1, 2] });
  });
});
