import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom } from '../../src/base/philox.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { layoutOf, type Layout } from '../../src/models/features/compact.ts';
import type { LevelColumn, NumberColumn, Transform } from '../../src/models/features/transform.ts';
import { blockSizes, NEGATIVE_KINDS, offSupportNegatives, type NegativeKind } from '../../src/models/negatives.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';

const BATCH = 512;
const NOISE = { smallest: 0.3, largest: 3 };

const numberAt = (slot: number, unit: number): NumberColumn => ({
  ...{ name: `n${unit}`, slot, unit, signedLog: false, integer: false, imputed: 0 },
  ...{ smallest: -9, largest: 9, mean: 0, deviation: 1, centre: 0 },
});
const levelAt = (slot: number, unit: number, of: LevelColumn['of'], count: number): LevelColumn => ({
  ...{ name: `n${unit}`, slot, unit, of, span: 1, count },
  ...(of === 'value' ? { missingIndex: count - 1, largestIndex: count - 1 } : { missingIndex: 1, largestIndex: 1 }),
});
const table = (numbers: readonly NumberColumn[], levels: readonly LevelColumn[]): Transform => ({
  ...{ numbers, levels, cycles: [], fixed: [], clip: 5 },
});

/** Two numbers, a category of three levels and the unseen one, and whether the second number is missing. */
const MIXED = table([numberAt(0, 0), numberAt(1, 1)], [levelAt(1, 1, 'presence', 2), levelAt(2, 2, 'value', 4)]);
const TABLES = {
  'a mixed table': MIXED,
  'one number': table([numberAt(0, 0)], []),
  'one category': table([], [levelAt(0, 0, 'value', 3)]),
};
/** The second number, whether it is missing, and a category are conditions; another number and another category are not. */
const CONDITIONAL = table(
  [numberAt(0, 0), { ...numberAt(1, 1), condition: true }],
  [
    { ...levelAt(1, 1, 'presence', 2), condition: true },
    { ...levelAt(2, 2, 'value', 4), condition: true },
    levelAt(3, 3, 'value', 4),
  ],
);

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

interface Moved {
  readonly layout: Layout;
  /** Values of a column, row by row. */
  readonly x: (row: number) => number[];
  readonly other: (row: number) => number[];
  readonly y: (row: number) => number[];
}

/** Negatives of one kind: x holds levels 0 and numbers near 10, the other rows levels 1 and numbers near 20. */
async function move(kind: NegativeKind, transform: Transform, seed = 1): Promise<Moved> {
  const layout = layoutOf(transform);
  const { continuous, compactWidth: width } = layout;
  const step = createStepBuilder();
  const [x, other] = [step.shared('x', [BATCH, width]), step.shared('other', [BATCH, width])];
  const shares = { noise: 0, swap: 0, extrapolate: 0, interpolate: 0, [kind]: 1 };
  const y = offSupportNegatives(step, x, other, layout, { shares, noise: NOISE, unseenShare: 0.5 });
  const task = step.finish({ name: 'negatives', title: 'negatives', steps: 1, updatesPerStep: 1 });
  const drawn = Object.entries(createDraws(task, createRandom(seed))(0, 1, 1));
  const feeds = drawn.map(([name, { data, shape }]) => [name, { data, shape: shape.slice(1) }] as const);
  const fill = (number: number, level: number) =>
    Float32Array.from({ length: BATCH * width }, (_, at) => (at % width < continuous ? number + (at % 7) / 10 : level));
  const given = {
    x: { data: fill(10, 0), shape: [BATCH, width] },
    other: { data: fill(20, 1), shape: [BATCH, width] },
  };
  const session = await executor.compile(
    createGraph('negatives', [...task.program.shared, ...task.program.perStep] as never, { y }),
  );
  const results = await session.run({ ...given, ...Object.fromEntries(feeds) });
  await session.close();
  const rowOf = (data: Float32Array) => (row: number) => [...data.subarray(row * width, (row + 1) * width)];
  return { layout, x: rowOf(given.x.data), other: rowOf(given.other.data), y: rowOf(results['y']!.data) };
}

const everyRow = <T>(read: (row: number) => T): T[] => Array.from({ length: BATCH }, (_, row) => read(row));

describe('the blocks of a batch', () => {
  it('are 21, 22, 10 and 11 of 64 rows for 1 : 1 : 0.5 : 0.5, and 16 each for equal shares', () => {
    const half = { noise: 1, swap: 1, extrapolate: 0.5, interpolate: 0.5 };
    expect(blockSizes(half, 64)).toEqual({ noise: 21, swap: 22, extrapolate: 10, interpolate: 11 });
    const equal = { noise: 1, swap: 1, extrapolate: 1, interpolate: 1 };
    expect(blockSizes(equal, 64)).toEqual({ noise: 16, swap: 16, extrapolate: 16, interpolate: 16 });
  });

  it('add up to the batch, each within one row of its share, whatever the shares', () => {
    const share = fc.double({ min: 0, max: 10, noNaN: true });
    const shares = fc.record({ noise: share, swap: share, extrapolate: share, interpolate: share });
    const property = fc.property(shares, fc.integer({ min: 4, max: 1000 }), (given, batch) => {
      const total = NEGATIVE_KINDS.reduce((sum, kind) => sum + given[kind], 0);
      fc.pre(total > 0.01);
      const sizes = blockSizes(given, batch);
      expect(NEGATIVE_KINDS.reduce((sum, kind) => sum + sizes[kind], 0)).toBe(batch);
      for (const kind of NEGATIVE_KINDS)
        expect(Math.abs(sizes[kind] - (given[kind] / total) * batch)).toBeLessThan(1 + 1e-9);
    });
    fc.assert(property, { seed: 5 });
  });
});

describe.each(Object.entries(TABLES))('negatives of %s', (_, transform) => {
  it.each(NEGATIVE_KINDS)('by %s hold only levels that there are, and finite numbers', async (kind) => {
    const { layout, y } = await move(kind, transform);
    everyRow(y).forEach((row) => {
      expect(row.every(Number.isFinite)).toBe(true);
      row.slice(layout.continuous).forEach((level, index) => {
        expect(Number.isInteger(level) && level >= 0 && level < layout.levelCounts[index]!).toBe(true);
      });
    });
  });
});

describe('negatives of rows with conditions', () => {
  it.each(NEGATIVE_KINDS)('by %s keep every condition, and move the rest', async (kind) => {
    const { x, y, layout } = await move(kind, CONDITIONAL);
    expect(layout.conditions).toEqual([false, true, true, true, false]);
    everyRow((row) => expect(y(row).slice(1, 4)).toEqual(x(row).slice(1, 4)));
    for (const column of [0, 4]) {
      const moved = everyRow((row) => y(row)[column] !== x(row)[column]).filter(Boolean).length;
      expect(moved).toBeGreaterThan(BATCH * 0.2);
    }
  });
});

describe('noise', () => {
  it('moves every number by a deviation between 0.3 and 3 that the row shares, without bias', async () => {
    const { x, y } = await move('noise', MIXED);
    const moves = everyRow((row) => [y(row)[0]! - x(row)[0]!, y(row)[1]! - x(row)[1]!] as const);
    const [mean, square] = [0, 1].map(
      (power) => moves.reduce((sum, [a]) => sum + (power === 0 ? a : a * a), 0) / BATCH,
    );
    // sigma^2 is log-uniform: its mean is (3^2 - 0.3^2) / (2 ln 10).
    const expected = (9 - 0.09) / (2 * Math.log(10));
    expect(Math.abs(mean!)).toBeLessThan(4 * Math.sqrt(expected / BATCH));
    expect(square).toBeGreaterThan(expected * 0.7);
    expect(square).toBeLessThan(expected * 1.3);
    // One sigma a row: sizes of both moves go together.
    const logs = moves.map(([a, b]) => [Math.log(Math.abs(a)), Math.log(Math.abs(b))] as const);
    expect(correlation(logs)).toBeGreaterThan(0.15);
  });

  it('replaces levels in about half of the rows, by any level, most often by the unseen one', async () => {
    const { y } = await move('noise', MIXED);
    const levels = everyRow((row) => y(row)[3]!);
    expect(new Set(levels)).toEqual(new Set([0, 1, 2, 3]));
    const changed = levels.filter((level) => level !== 0).length / BATCH;
    expect(changed).toBeGreaterThan(0.25);
    expect(changed).toBeLessThan(0.55);
    // 1/2 replaced, of which 1/2 become the unseen one, and 1/4 of the others.
    const unseen = levels.filter((level) => level === 3).length / BATCH;
    expect(unseen).toBeGreaterThan(0.24);
    expect(unseen).toBeLessThan(0.39);
  });
});

describe('a swap', () => {
  it('takes each unit whole from the row or from the one other row', async () => {
    const { x, other, y, layout } = await move('swap', MIXED);
    let taken = 0;
    for (let row = 0; row < BATCH; row++) {
      const from = y(row).map((value, column) =>
        value === other(row)[column] ? 1 : value === x(row)[column] ? 0 : NaN,
      );
      for (let unit = 0; unit < layout.units; unit++) {
        const fates = from.filter((_, column) => layout.unitOf[column] === unit);
        expect(new Set(fates).size).toBe(1);
        taken += fates[0]!;
      }
    }
    expect(taken / (BATCH * layout.units)).toBeGreaterThan(0.42);
    expect(taken / (BATCH * layout.units)).toBeLessThan(0.58);
  });

  it('has a probability of its own for each row: some take nothing, some all', async () => {
    const { other, y, layout } = await move('swap', MIXED);
    const counts = everyRow(
      (row) => new Set(layout.unitOf.filter((_, column) => y(row)[column] === other(row)[column])).size,
    );
    // With one p for all rows, 1/8 of them would take all three units; with p ~ U(0, 1) it is 1/4.
    expect(counts.filter((count) => count === 3).length / BATCH).toBeGreaterThan(0.19);
    expect(counts.filter((count) => count === 0).length / BATCH).toBeGreaterThan(0.19);
  });
});

describe.each([
  ['extrapolate' as const, 0, 2, 'away from the other row, up to twice the distance'],
  ['interpolate' as const, -1, 0, 'towards the other row, up to it'],
])('%s', (kind, least, most, how) => {
  it(`moves all numbers ${how}, by a length that the row shares`, async () => {
    const { x, other, y } = await move(kind, MIXED);
    const lengths = everyRow((row) =>
      [0, 1].map((column) => (y(row)[column]! - x(row)[column]!) / (x(row)[column]! - other(row)[column]!)),
    );
    for (const [a = NaN, b = NaN] of lengths) {
      expect(a).toBeCloseTo(b, 4);
      expect(a).toBeGreaterThanOrEqual(least - 1e-5);
      expect(a).toBeLessThanOrEqual(most + 1e-5);
    }
    const mean = lengths.reduce((sum, [a = 0]) => sum + a, 0) / BATCH;
    expect(Math.abs(mean - (least + most) / 2)).toBeLessThan(0.1);
  });
});

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = [0, 1].map((index) => pairs.reduce((sum, pair) => sum + pair[index]!, 0) / pairs.length);
  const moment = (i: 0 | 1, j: 0 | 1) =>
    pairs.reduce((sum, pair) => sum + (pair[i] - mean[i]!) * (pair[j] - mean[j]!), 0);
  return moment(0, 1) / Math.sqrt(moment(0, 0) * moment(1, 1));
}
