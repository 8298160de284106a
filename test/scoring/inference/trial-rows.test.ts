import { describe, expect, it } from '@jest/globals';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import { trialRows } from '../../../src/scoring/inference/trial-rows.ts';

const schema: FeatureSchema = {
  fields: [
    { name: 'pressure', kind: 'number', missing: false, integer: false },
    { name: 'on', kind: 'boolean', missing: false },
    { name: 'state', kind: 'category', missing: true, levels: ['a', 'b'] },
    { name: 'at', kind: 'timestamp', missing: false },
  ],
  excluded: [],
};
const columns = [{ name: 'pressure', missingShare: 0, quantiles: [100, 101, 102, 103, 104, 105, 106, 107, 120] }];
const WIDTH = 5;

describe('the rows by which two ways of computing a model are told apart', () => {
  const rows = [...trialRows(schema, columns)];
  const slot = (at: number): number[] => rows.map((row) => row[at]!);

  it('lie where the training rows lay, all levels and one that is unseen among them', () => {
    const pressures = slot(0)
      .slice(0, 34)
      .filter((value) => !Number.isNaN(value));
    expect(Math.min(...pressures)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...pressures)).toBeLessThanOrEqual(120);
    expect(new Set(pressures).size).toBeGreaterThan(25);
    expect(
      new Set(
        slot(1)
          .slice(0, 34)
          .filter((value) => !Number.isNaN(value)),
      ),
    ).toEqual(new Set([0, 1]));
    expect(
      new Set(
        slot(2)
          .slice(0, 34)
          .filter((value) => !Number.isNaN(value)),
      ),
    ).toEqual(new Set([0, 1, 2]));
  });

  it('have gaps, and ends where every field is the same', () => {
    expect(rows.slice(0, 34).some((row) => row.some(Number.isNaN))).toBe(true);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([WIDTH]));
    expect(slot(0).slice(34)).toEqual([NaN, 0, Math.fround(3e38), -Math.fround(3e38), Infinity, -Infinity]);
  });

  it('are the same each time', () => expect([...trialRows(schema, columns)]).toEqual(rows));
});
