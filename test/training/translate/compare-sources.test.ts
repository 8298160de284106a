import { describe, expect, it } from '@jest/globals';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import { createRandom } from '../../../src/base/philox.ts';
import { auroc } from '../../../src/training/auroc.ts';
import { makeUpRows, recommend, type ComparedVariant } from '../../../src/training/translate/compare-sources.ts';
import { describeComparison } from '../../../src/training/command.ts';
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

describe('the recommendation of a comparison', () => {
  const variants = (
    own: number[],
    pooled: number[],
    translated: number[],
    known: number[][] = [[], [], []],
  ): ComparedVariant[] => [
    { variant: 'own', madeUp: own, known: known[0]! },
    { variant: 'pooled', madeUp: pooled, known: known[1]! },
    { variant: 'translated', madeUp: translated, known: known[2]! },
  ];

  it('is the better one of those that are better in every fold', () => {
    const { recommended } = recommend(variants([0.7, 0.7], [0.75, 0.75], [0.72, 0.8]), 0);
    expect(recommended).toBe('translated');
    expect(recommend(variants([0.7, 0.7], [0.75, 0.75], [0.69, 0.99]), 0).recommended).toBe('pooled');
  });

  it('is the own rows where the gain is below 0.01, or one fold is no better', () => {
    expect(recommend(variants([0.7, 0.7], [0.709, 0.709], [0.7, 0.9]), 0).recommended).toBe('own');
    expect(recommend(variants([0.7, 0.7], [0.711, 0.711], [0.7, 0.9]), 0).recommended).toBe('pooled');
  });

  it('rests on known anomalies from 20 on, and else, or where these are fewer than folds, on made-up ones', () => {
    const known = [
      [0.6, 0.6],
      [0.5, 0.5],
      [0.8, 0.8],
    ];
    const both = variants([0.7, 0.7], [0.8, 0.8], [0.6, 0.6], known);
    expect(recommend(both, 20)).toEqual({ decidedBy: 'known', recommended: 'translated' });
    expect(recommend(both, 19)).toEqual({ decidedBy: 'madeUp', recommended: 'pooled' });
    const none = variants([0.7, 0.7], [0.8, 0.8], [0.6, 0.6]);
    expect(recommend(none, 20)).toEqual({ decidedBy: 'madeUp', recommended: 'pooled' });
  });

  it('is printed with the figures that decided', () => {
    const compared = { rows: 40, variants: variants([0.7], [0.8], [0.6], [[0.61], [0.51], [0.81]]) };
    const byKnown = describeComparison({ ...compared, known: 25, ...recommend(compared.variants, 25) });
    expect(byKnown).toContain('the 25 that --where leaves out');
    expect(byKnown).toContain('own 0.610, pooled 0.510, translated 0.810; recommended: translated');
    const byMadeUp = describeComparison({ ...compared, known: 5, ...recommend(compared.variants, 5) });
    expect(byMadeUp).toContain('made-up ones');
    expect(byMadeUp).toContain('own 0.700, pooled 0.800, translated 0.600; recommended: pooled');
  });
});

describe('rows made up from held-out ones', () => {
  const number = (name: string, condition?: true) => {
    return { name, kind: 'number', missing: false, integer: false, ...(condition && { condition }) } as const;
  };
  const schema: FeatureSchema = { fields: [number('a'), number('site', true), number('b')], excluded: [] };
  const width = 3;
  const count = 12;
  const data = Float32Array.from({ length: count * width }, (_, at) => (at % width) * 100 + Math.floor(at / width));
  const table = { data, shape: [count, width] };
  /** Of 0 .. 11, whatever the column. */
  const deviation = Math.sqrt((count ** 2 - 1) / 12);
  const rowsOf = (made: { data: Float32Array }): number[][] =>
    Array.from({ length: made.data.length / width }, (_, row) => [...made.data.slice(row * width, (row + 1) * width)]);

  it('are one with fields of another row and one with one number three deviations away; conditions stay', () => {
    const heldOut = Uint32Array.of(1, 4, 7, 9);
    const made = rowsOf(makeUpRows(schema, table, heldOut, createRandom(1)));
    expect(made).toHaveLength(8);
    heldOut.forEach((row, index) => {
      const [swapped, moved] = [made[2 * index]!, made[2 * index + 1]!];
      expect([swapped[1], moved[1]]).toEqual([100 + row, 100 + row]);
      // What was exchanged is of one other row.
      const strangers = [swapped[0]!, swapped[2]! - 200].filter((value) => value !== row);
      expect(new Set(strangers).size).toBeLessThanOrEqual(1);
      expect(strangers.every((value) => Number.isInteger(value) && value >= 0 && value < count)).toBe(true);
      const shifts = [moved[0]! - row, moved[2]! - 200 - row].map(Math.abs).sort((a, b) => a - b);
      expect(shifts[0]).toBe(0);
      expect(shifts[1]).toBeCloseTo(3 * deviation, 3);
    });
    expect(heldOut.some((row, index) => made[2 * index]!.some((value, slot) => value !== slot * 100 + row))).toBe(true);
  });
});
