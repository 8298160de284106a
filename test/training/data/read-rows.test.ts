import { describe, expect, it } from '@jest/globals';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import { fingerprintRows } from '../../../src/training/data/fingerprint.ts';
import { readRows, rowsWithin } from '../../../src/training/data/read-rows.ts';
import { useDataFolder } from '../../support/data-files.ts';

const files = useDataFolder();
const schema: FeatureSchema = {
  fields: [
    { name: 'x', kind: 'number', missing: false, integer: true },
    { name: 'at', kind: 'timestamp', missing: false },
  ],
  excluded: [],
};
const SELECT = "SELECT i AS x, TIMESTAMP '2024-01-01' + INTERVAL (i) SECOND AS at FROM range(10000) t(i)";
const open = async (threads = 1) => files.open({ data: [await files.writeParquet('rows.parquet', SELECT)], threads });
const first = (rows: Float32Array) => [...rows].filter((_, index) => index % 3 === 0);

describe('training rows', () => {
  it('are all rows in order where they fit', async () => {
    const { rows, ...rest } = await readRows(await open(), schema, { maxRows: 10_000, seed: 1 });
    expect(rest).toEqual({ count: 10_000, rowsInSource: 10_000, sampled: false });
    expect(first(rows)).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect([...rows.subarray(6, 9)]).toEqual([2, 2, 0]);
  });

  it('are a sample of exactly the size asked for, in the order of the file, the same for the same seed', async () => {
    const sample = async (seed: number, threads: number) =>
      (await readRows(await open(threads), schema, { maxRows: 1000, seed })).rows;
    const [one, again, other] = [await sample(1, 1), await sample(1, 2), await sample(2, 1)];
    const picked = first(one);
    expect(picked).toHaveLength(1000);
    expect(picked).toEqual([...new Set(picked)].sort((a, b) => a - b));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    // Rows keep together: the second of the row beside its number.
    expect([...one].every((value, index) => index % 3 !== 1 || value === one[index - 1])).toBe(true);
  });

  it('are picked evenly', async () => {
    const table = await open();
    const counts = new Float64Array(10);
    for (let seed = 0; seed < 40; seed++) {
      const { rows } = await readRows(table, schema, { maxRows: 500, seed });
      for (const x of first(rows)) counts[Math.floor(x / 1000)]!++;
    }
    // 20,000 picks in ten parts: 2,000 each, with a standard deviation of sqrt(2000 * 0.9 * 0.95) = 41.
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(4.5 * 41);
  });

  it('fit the budget', async () => {
    expect(rowsWithin(1200, schema)).toBe(100);
    expect(rowsWithin(1, schema)).toBe(1);
    await expect(readRows(await open(), schema, { maxRows: 0, seed: 1 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

describe('a fingerprint', () => {
  const mixed: FeatureSchema = {
    fields: [
      { name: 'n', kind: 'number', missing: true, integer: false },
      { name: 'b', kind: 'boolean', missing: false },
      { name: 'c', kind: 'category', missing: true, levels: ['a', 'z'] },
      { name: 't', kind: 'timestamp', missing: true },
    ],
    excluded: [],
  };
  const ROWS = Float32Array.of(1, 0, 0, 10, 1, 3, 1, 2, 20, 2, NaN, 1, 1, NaN, NaN, Infinity, 1, NaN, 30, 3);

  it('describes each field', () => {
    const { columns } = fingerprintRows(mixed, ROWS, 4);
    expect(columns).toEqual([
      {
        name: 'n',
        missingShare: 0.25,
        quantiles: [1, 1.02, 1.1, 1.5, 2, 2.5, 2.9, 2.98, 3],
        bins: { edges: [1, 3], shares: [0.5, 0.5, 0] },
        mean: 2,
        standardDeviation: 1,
      },
      { name: 'b', missingShare: 0, levelShares: { false: 0.25, true: 0.75 } },
      { name: 'c', missingShare: 0.25, levelShares: { a: 0.25, z: 0.25, '(other levels)': 0.25 } },
      { name: 't', missingShare: 0.25 },
    ]);
  });

  it('changes with every value and with the schema, and with nothing else', () => {
    const { sha256 } = fingerprintRows(mixed, ROWS, 4);
    const changed = Float32Array.from(ROWS);
    changed[19] = 4;
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintRows(mixed, Float32Array.of(...ROWS, 7), 4).sha256).toBe(sha256);
    expect(fingerprintRows(mixed, changed, 4).sha256).not.toBe(sha256);
    expect(fingerprintRows({ ...mixed, fields: [...mixed.fields].reverse() }, ROWS, 4).sha256).not.toBe(sha256);
  });
});
