import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expandCompact, INDICATOR_HEIGHT, layoutOf } from '../../../src/models/features/compact.ts';
import { rowWidth, type FeatureSchema } from '../../../src/models/features/schema.ts';
import { fitTransform, signedLog, type Transform } from '../../../src/models/features/transform.ts';
import { compactGraph } from '../../../src/models/scoring-graph.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input } from '../../../src/graph/operations.ts';
import type { Executor, Session } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';

const number = (name: string, missing = false) => ({ kind: 'number', name, missing, integer: false }) as const;
const MIXED: FeatureSchema = {
  fields: [
    number('a'),
    { kind: 'category', name: 'c', missing: false, levels: ['x', 'y', 'z'] },
    number('m', true),
    { kind: 'boolean', name: 'b', missing: true },
    { kind: 'timestamp', name: 't', missing: true },
  ],
  excluded: [],
};

function fit(
  schema: FeatureSchema,
  rows: readonly (readonly number[])[],
  numbers: 'auto' | 'standard' = 'auto',
): Transform {
  return fitTransform(schema, (slot) => Float32Array.from(rows, (row) => row[slot]!), { numbers });
}
const fitColumn = (values: readonly number[], numbers: 'auto' | 'standard' | 'signed-log' = 'standard') =>
  fitTransform({ fields: [{ ...number('a'), missing: true }], excluded: [] }, () => Float32Array.from(values), {
    numbers,
  }).numbers[0]!;

describe('what is fitted to a column of numbers', () => {
  it('is its mean and deviation, as in critic-recipe, section 2', () => {
    const column = fitColumn([1, 2, 3, 6]);
    expect(column).toMatchObject({ mean: 3, smallest: 1, largest: 6, imputed: 3, signedLog: false });
    expect(column.deviation).toBeCloseTo(Math.sqrt(3.5), 12);
    expect(column.centre).toBeCloseTo(0, 12);
  });

  it('makes a missing value as odd as an infinite one where training had none', () => {
    const { numbers } = fit({ fields: [number('a')], excluded: [] }, [[1], [2], [6]]);
    expect(numbers[0]!.imputed).toBeGreaterThan(3e38);
  });

  it('is taken after the signed logarithm for heavy tails', () => {
    const values = [-1e6, -10, 0, 10, 1e6];
    const column = fitColumn(values, 'signed-log');
    const logs = values.map(signedLog);
    expect(column.mean).toBeCloseTo(0, 9);
    expect(column.deviation).toBeCloseTo(Math.sqrt(logs.reduce((total, x) => total + x * x, 0) / 5), 9);
    expect(column).toMatchObject({ smallest: -1e6, largest: 1e6, imputed: 0 });
  });

  it('leaves NaN and infinities out of mean, deviation and range, but centres what they become', () => {
    const column = fitColumn([NaN, -1, 1, Infinity, NaN, -1, 1]);
    expect(column).toMatchObject({ smallest: -1, largest: 1, imputed: 1 });
    // NaN count as the median, 1: two of them, and -1, 1, -1, 1.
    expect(column.mean).toBeCloseTo(1 / 3, 12);
    expect(column.deviation).toBeCloseTo(Math.sqrt(8) / 3, 12);
    const standardised = [1, -1, 1, 1, -1, 1].map((x) => (x - 1 / 3) / (Math.sqrt(8) / 3));
    expect(column.centre).toBeCloseTo((standardised.reduce((a, b) => a + b) + 20) / 7, 9);
  });

  it.each([
    ['the same everywhere', [0.1, 0.1, 0.1], 0.1],
    ['the same where it is not missing', [NaN, 7, NaN], 7],
    ['missing everywhere, as in a fold of a sparse column', [NaN, NaN], 0],
    ['infinite everywhere', [Infinity, Infinity], 0],
    ['different by less than float32 can divide by', [0, 1e-38, 0], 0],
  ])('has the deviation 1 where the column is %s', (_, values, value) => {
    const column = fitColumn(values);
    expect(column.deviation).toBe(1);
    expect(column.imputed).toBeCloseTo(value, 6);
    expect(column.mean).toBeCloseTo(value, 6);
    expect([column.smallest, column.largest].every(Number.isFinite)).toBe(true);
  });

  it('is clipped at 20, or at 10 in a table with categories', () => {
    expect(fit({ fields: [number('a')], excluded: [] }, [[1], [2]]).clip).toBe(20);
    expect(fit(MIXED, ROWS).clip).toBe(10);
    expect(fit(MIXED, ROWS, 'standard').clip).toBe(20);
  });
});

/** a, c, m, b, second of the day, day of the week. */
const ROWS: readonly (readonly number[])[] = [
  [1, 0, NaN, 1, 0, 0],
  [100, 1, 5, 0, 43_200, 6],
  [-30, 0, 7, NaN, NaN, NaN],
  [2.5, 2, 6, 1, 86_399, 3],
];

describe('the levels of a column', () => {
  const { levels } = fit(MIXED, ROWS);
  const of = (name: string) => levels.find((level) => level.name === name);

  it('are those seen, one for unseen ones, and one for missing values where training had them', () => {
    expect(of('c')).toMatchObject({ of: 'value', count: 4, largestIndex: 3, missingIndex: 3 });
    expect(of('b')).toMatchObject({ of: 'value', count: 4, largestIndex: 2, missingIndex: 3 });
  });

  it('say whether a number or a time is missing, where training had missing ones', () => {
    expect(of('m')).toMatchObject({ of: 'presence', count: 2, span: 1 });
    expect(of('t')).toMatchObject({ of: 'presence', count: 2, span: 2 });
    expect(of('a')).toBeUndefined();
  });

  it('belong to the unit of their field, and so does its number', () => {
    const { numbers, cycles } = fit(MIXED, ROWS);
    expect(numbers.map(({ name, unit }) => [name, unit])).toEqual([
      ['a', 0],
      ['m', 2],
    ]);
    expect(cycles.map(({ name, unit }) => [name, unit])).toEqual([
      ['t', 4],
      ['t', 4],
    ]);
    expect(layoutOf(fit(MIXED, ROWS)).unitOf).toEqual([0, 2, 4, 4, 1, 2, 3, 4]);
  });
});

describe('a slot of a timestamp that never changes', () => {
  it('is fixed, and no network sees it', () => {
    const rows = ROWS.map((row) => [...row.slice(0, 4), 3600, row[5]!]);
    const transform = fit(MIXED, rows);
    expect(transform.fixed).toEqual([{ slot: 4, value: 3600 }]);
    expect(transform.cycles.map(({ slot }) => slot)).toEqual([5]);
  });
});

/** The same computation, written plainly and in double precision, for one raw row: expanded values. */
function expandPlainly(row: readonly number[], transform: Transform): number[] {
  const { numbers, cycles, levels, clip } = transform;
  const known = (value: number, imputed: number): number => (Number.isNaN(value) ? imputed : value);
  const z = numbers.map(({ slot, imputed, signedLog: isLog, mean, deviation, centre }) => {
    const value = known(row[slot]!, imputed);
    const scaled = ((isLog ? signedLog(value) : value) - mean) / deviation;
    return Math.min(clip, Math.max(-clip, scaled)) - centre;
  });
  const angles = cycles.map(
    ({ slot, imputed, period }) => (2 * Math.PI * Math.min(period, Math.max(0, known(row[slot]!, imputed)))) / period,
  );
  const indicators = levels.flatMap(({ of, slot, count, missingIndex, largestIndex }) => {
    const isMissing = Number.isNaN(row[slot]!);
    const index = of === 'presence' ? Number(isMissing) : isMissing ? missingIndex : Math.min(row[slot]!, largestIndex);
    return Array.from({ length: count }, (_, level) => (level === index ? INDICATOR_HEIGHT : 0));
  });
  return [
    ...z,
    ...angles.map((x) => Math.SQRT2 * Math.sin(x)),
    ...angles.map((x) => Math.SQRT2 * Math.cos(x)),
    ...indicators,
  ];
}

describe('the graph of the pre-processing', () => {
  let executor: Executor;
  const sessions: Session[] = [];
  beforeAll(async () => {
    executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  });
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await executor.close();
  });

  async function expander(
    schema: FeatureSchema,
    transform: Transform,
  ): Promise<(row: readonly number[]) => Promise<number[]>> {
    const toCompact = await executor.compile(compactGraph(rowWidth(schema), transform));
    const compact = input('compact', [1, layoutOf(transform).compactWidth]);
    const expand = await executor.compile(createGraph('expand', [compact], { x: expandCompact(compact, transform) }));
    sessions.push(toCompact, expand);
    return async (row) => {
      const first = await toCompact.run({ rows: { data: Float32Array.from(row), shape: [1, row.length] } });
      return [...(await expand.run({ compact: first['compact']! }))['x']!.data];
    };
  }

  it.each([
    ['signed logarithms', 'auto' as const],
    ['plain numbers', 'standard' as const],
  ])('computes what a plain program computes, with %s, whatever a row holds', async (_, numbers) => {
    const transform = fit(MIXED, ROWS, numbers);
    const expand = await expander(MIXED, transform);
    const real = fc.oneof(
      fc.float({ noDefaultInfinity: true }),
      fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e-30, -1e-9, 3.4e38),
    );
    const level = (most: number) => fc.oneof(fc.integer({ min: 0, max: most }), fc.constant(NaN), fc.constant(99));
    const time = fc.oneof(fc.integer({ min: 0, max: 86_399 }), fc.constantFrom(NaN, Infinity, -5));
    const row = fc.tuple(
      real,
      level(3),
      real,
      level(2),
      time,
      fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(NaN)),
    );
    const property = fc.asyncProperty(row, async (values) => {
      const single = values.map(Math.fround);
      const [got, wanted] = [await expand(single), expandPlainly(single, transform)];
      expect(got).toHaveLength(wanted.length);
      got.forEach((value, index) => expect(Math.abs(value - wanted[index]!)).toBeLessThan(2e-5));
    });
    await fc.assert(property, { numRuns: 300, seed: 11 });
  });

  it('keeps the resolution of very small numbers under the logarithm', async () => {
    const schema: FeatureSchema = { fields: [number('a')], excluded: [] };
    const values = [1e-9, 2e-9, 3e-9, 4e-9, 5e-9];
    const transform = fitTransform(schema, () => Float32Array.from(values), { numbers: 'signed-log' });
    const expand = await expander(schema, transform);
    const results = await Promise.all(values.map(async (value) => (await expand([value]))[0]!));
    results.forEach((result, index) => expect(result).toBeCloseTo((index - 2) / Math.SQRT2, 4));
  });

  it('keeps numbers near the ends of float32 finite', async () => {
    const schema: FeatureSchema = { fields: [number('a')], excluded: [] };
    const transform = fitTransform(schema, () => Float32Array.of(-3e38, 3e38), { numbers: 'standard' });
    const expand = await expander(schema, transform);
    for (const value of [-3.4e38, 0, 3.4e38, Infinity])
      expect(Math.abs((await expand([value]))[0]!)).toBeLessThanOrEqual(20);
  });
});
