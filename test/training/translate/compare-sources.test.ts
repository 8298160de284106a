import { describe, expect, it } from '@jest/globals';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import { auroc } from '../../../src/training/translate/compare-sources.ts';
import { recodeRows } from '../../../src/training/translate/recode.ts';

describe('the AUROC of a comparison', () => {
  it('is the share of pairs in the right order, ties half', () => {
    expect(auroc(Float32Array.of(1, 2), Float32Array.of(3, 4))).toBe(1);
    expect(auroc(Float32Array.of(3, 4), Float32Array.of(1, 2))).toBe(0);
    expect(auroc(Float32Array.of(1, 2, 2), Float32Array.of(2, 3))).toBeCloseTo((1 + 0.5 + 0.5 + 3) / 6, 12);
  });
});

describe('rows of one schema as rows of another', () => {
  const from: FeatureSchema = {
    fields: [
      { name: 'colour', kind: 'category', missing: false, levels: ['red', 'blue', 'green'] },
      { name: 'price', kind: 'number', missing: true, integer: false },
    ],
    excluded: [],
  };
  const to: FeatureSchema = {
    fields: [
      { name: 'price', kind: 'number', missing: true, integer: false },
      { name: 'size', kind: 'number', missing: false, integer: false },
      { name: 'colour', kind: 'category', missing: false, levels: ['green', 'red'] },
    ],
    excluded: [],
  };

  it('have levels by name, unknown ones unseen, and what is lacking filled in', () => {
    const rows = { data: Float32Array.of(0, 5, 1, NaN, 2, 7, NaN, 8), shape: [4, 2] };
    const { data, shape } = recodeRows(rows, from, to, (slot) => slot + 100);
    expect(shape).toEqual([4, 3]);
    expect([...data]).toEqual([5, 101, 1, NaN, 101, 2, 7, 101, 0, 8, 101, NaN]);
  });
});
