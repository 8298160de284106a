import { describe, expect, it } from '@jest/globals';
import { checkBars } from '../../bench/radialgan/bars.ts';
import { alignRows, fillLacking, fitRidge, poolRows, ridgeAndAlign } from '../../bench/radialgan/controls.ts';
import { completeRows, createLayout, encode } from '../../bench/radialgan/encode.ts';
import { splitHospitals } from '../../bench/radialgan/heart.ts';
import { intervalOf, pairedInterval, studentQuantile } from '../../bench/radialgan/intervals.ts';
import type { Figure } from '../../bench/radialgan/measure-splits.ts';
import { prepareExchange } from '../../bench/radialgan/prepare.ts';
import { chooseRows, type SourceTable } from '../../bench/radialgan/sources.ts';

describe('intervals', () => {
  it("have Student's quantiles, as tables print them", () => {
    const tabled = { 1: 12.7062, 2: 4.3027, 3: 3.1824, 9: 2.2622, 11: 2.201, 30: 2.0423 };
    for (const [freedom, t] of Object.entries(tabled)) expect(studentQuantile(0.95, Number(freedom))).toBeCloseTo(t, 4);
    expect(studentQuantile(0.99, 10)).toBeCloseTo(3.1693, 4);
  });

  it('are of differences: a split that is hard for both widens nothing', () => {
    const { mean, half } = pairedInterval([0.9, 0.6, 0.8], [0.8, 0.5, 0.7]);
    expect(mean).toBeCloseTo(0.1, 12);
    expect(half).toBeCloseTo(0, 12);
    expect(intervalOf([0.9, 0.6, 0.8]).half).toBeCloseTo(4.302653 * Math.sqrt(0.07 / 9), 5);
    expect(() => pairedInterval([1, 2], [1])).toThrow('2 splits beside 1');
  });
});

/** Two sources: `near` lacks the column z that `home` has; k is a category. */
const home: SourceTable = {
  name: 'home',
  classes: Uint8Array.of(0, 1, 0, 1),
  columns: [
    { kind: 'number', name: 'x', values: Float32Array.of(1, 2, 3, NaN) },
    { kind: 'category', name: 'k', values: ['a', 'b', null, 'b'] },
    { kind: 'number', name: 'z', values: Float32Array.of(10, 20, 30, 40) },
  ],
};
const near: SourceTable = {
  name: 'near',
  classes: Uint8Array.of(1, 0, 1, 0),
  columns: [
    { kind: 'number', name: 'x', values: Float32Array.of(100, 300, 200, 400) },
    { kind: 'category', name: 'k', values: ['c', 'b', 'b', 'b'] },
  ],
};
const all = Uint32Array.of(0, 1, 2, 3);

describe('the layout of sources', () => {
  it('has a place for each number and each level of any source, and knows which source has it', () => {
    const sources = [chooseRows(home, all), chooseRows(near, all)];
    const layout = createLayout(sources);
    expect(layout.places.map(({ field, level }) => `${field}${level ?? ''}`)).toEqual(['x', 'ka', 'kb', 'kc', 'z']);
    const [own, other] = sources.map((source) => encode(layout, completeRows(source, source)));
    expect(other!.has).toEqual([true, true, true, true, false]);
    expect(other!.rows[0]).toEqual([100, 0, 0, 1, 0]);
    // The null number became the median, the null category the most frequent level.
    expect(own!.rows[3]).toEqual([2, 0, 1, 0, 40]);
    expect(own!.rows[2]).toEqual([3, 0, 1, 0, 30]);
  });

  it('fills and scales test rows by the training rows, and has no place for a level that nobody trained on', () => {
    const target = chooseRows(home, Uint32Array.of(0, 1));
    const test = chooseRows(
      {
        ...home,
        columns: [home.columns[0]!, { kind: 'category', name: 'k', values: ['a', 'b', 'q', null] }, home.columns[2]!],
      },
      Uint32Array.of(2, 3),
      target.schema,
    );
    const prepared = prepareExchange({ target, others: [chooseRows(near, all)], test }, 'source');
    // x: mean 1.5, deviation 0.5; z: mean 15, deviation 5. The null x is the training median, 30 and 40 are clipped or scaled.
    expect(prepared.test[0]).toEqual([3, 0, 0, 0, 3]);
    expect(prepared.test[1]).toEqual([0, 1, 0, 0, 5]);
  });

  it('leaves sources where they are only when they are scaled together', () => {
    const exchange = { target: chooseRows(home, all), others: [chooseRows(near, all)], test: chooseRows(home, all) };
    const meanOfX = (scaledBy: 'source' | 'together') =>
      prepareExchange(exchange, scaledBy).others[0]!.rows.reduce((sum, row) => sum + row[0]! / 4, 0);
    expect(meanOfX('source')).toBeCloseTo(0, 6);
    expect(meanOfX('together')).toBeGreaterThan(0.5);
  });
});

describe('controls', () => {
  const layout = { places: ['x', 'z'].map((field) => ({ field, level: null, isNumber: true })) };
  const target = {
    rows: [
      [1, 5],
      [3, 9],
    ],
    has: [true, true],
    classes: [0, 1],
  };
  const other = {
    rows: [
      [10, 0],
      [20, 0],
      [30, 0],
    ],
    has: [true, false],
    classes: [0, 0, 1],
  };

  it("pool rows as they are, with the target's mean where a column is lacking", () => {
    expect(poolRows({ layout, target, others: [other] })).toEqual([
      [10, 7],
      [20, 7],
      [30, 7],
    ]);
    expect(fillLacking([[1, 2]], [false, true], { ...target, has: [false, true] })).toEqual([[0, 2]]);
  });

  it('find the weights of a plane, and shrink all but the offset', () => {
    const inputs = [
      [0, 0, 1],
      [1, 0, 1],
      [0, 1, 1],
      [1, 1, 1],
      [2, 1, 1],
    ];
    const plane = inputs.map(([a, b]) => 4 + 2 * a! - 3 * b!);
    const exact = fitRidge(inputs, plane, 0);
    [2, -3, 4].forEach((weight, at) => expect(exact[at]).toBeCloseTo(weight, 4));
    const shrunk = fitRidge(inputs, plane, 1e9);
    expect(shrunk[0]).toBeCloseTo(0, 6);
    expect(shrunk[2]).toBeCloseTo(plane.reduce((sum, value) => sum + value) / plane.length, 5);
  });

  it("move a column to the target's mean and deviation, and leave a constant one", () => {
    const moved = alignRows(
      [
        [10, 1],
        [20, 1],
        [30, 1],
      ],
      [
        [1, 0],
        [3, 0],
      ],
      () => true,
    );
    expect(moved.map(([x]) => x)).toEqual(
      [2 - Math.sqrt(1.5), 2, 2 + Math.sqrt(1.5)].map((value) => expect.closeTo(value, 12)),
    );
    expect(moved.map(([, constant]) => constant)).toEqual([1, 1, 1]);
  });

  it('predict a lacking column from the columns in common and the class', () => {
    const many = Array.from({ length: 400 }, (_, row) => [Math.sin(row), 2 * Math.sin(row) + (row % 2)]);
    const rich = { rows: many, has: [true, true], classes: many.map((_, row) => row % 2) };
    const poor = { rows: many.map(([x]) => [x!, 0]), has: [true, false], classes: rich.classes };
    const rows = ridgeAndAlign({ layout, target: rich, others: [poor] });
    rows.forEach((row, at) => expect(Math.abs(row[1]! - many[at]![1]!)).toBeLessThan(0.05));
  });
});

describe('a split of a hospital', () => {
  const count = 40;
  const table: SourceTable = {
    name: 'ward',
    classes: Uint8Array.from({ length: count }, (_, row) => (row % 4 === 0 ? 1 : 0)),
    columns: [{ kind: 'number', name: 'row', values: Float32Array.from({ length: count }, (_, row) => row) }],
  };
  const split = (number: number) => splitHospitals([table, { ...table, name: 'other' }], 'ward', 20, number);

  it('trains on as large a share of ill rows as there are, and tests all others', () => {
    const { target, test, others } = split(0);
    expect(target.classes.reduce((sum, label) => sum + label, 0)).toBe(5);
    const rows = [...target.rows.data, ...test.rows.data].sort((a, b) => a - b);
    expect(rows).toEqual(Array.from({ length: count }, (_, row) => row));
    expect(others.map(({ rows: { shape } }) => shape[0])).toEqual([count]);
  });

  it('is the same each time, and another one with another number', () => {
    expect(split(3)).toEqual(split(3));
    expect(split(3).target.rows.data).not.toEqual(split(4).target.rows.data);
  });
});

describe('the bars', () => {
  const figures = (gain: number, noise: number): Figure[] =>
    [0, 1, 2, 3].flatMap((number) =>
      (['own', 'pool', 'radialgan'] as const).map((method) => ({
        ...{ task: 'detection' as const, target: 'smtp', count: 50, split: number, method, judge: 'neighbours' },
        auroc: 0.7 + (method === 'radialgan' ? gain + (number % 2 ? noise : -noise) : 0),
      })),
    );
  const verdicts = (gain: number, noise: number) =>
    checkBars({ figures: figures(gain, noise), movements: [] }).map(({ isMet }) => isMet);

  it('want the gain, and an interval above zero', () => {
    expect(verdicts(0.08, 0.01)).toEqual([true, true]);
    expect(verdicts(0.08, 0.2)).toEqual([false, true]);
    expect(verdicts(0.05, 0.001)).toEqual([false, true]);
    expect(verdicts(-0.04, 0.001)).toEqual([false, false]);
  });

  it('ask about pooling in own z-scores, and show pooling in the units of the data beside it', () => {
    const aurocs = { own: 0.7, pool: 0.81, 'pool-units': 0.83, radialgan: 0.8 } as const;
    const methods = Object.keys(aurocs) as (keyof typeof aurocs)[];
    const measured = [0, 1].flatMap((split): Figure[] =>
      ['logistic', 'boosting'].flatMap((judge) =>
        methods.map((method) => ({
          ...{ task: 'prediction', target: 'va', count: 100, split, method, judge, auroc: aurocs[method] },
        })),
      ),
    );
    const bars = checkBars({ figures: measured, movements: [] }).filter(({ asked }) => asked.includes('pooling'));
    expect(bars.map(({ isMet, isBeside }) => [isMet, isBeside ?? false])).toEqual([
      [true, false],
      [false, true],
      [true, false],
      [false, true],
    ]);
  });

  it('are left out where nothing was measured', () => {
    expect(checkBars({ figures: [], movements: [] })).toEqual([]);
  });

  it('divide round trips without and with the cycle terms', () => {
    const movement = (model: string, roundTrip: number) => ({ model, moved: 0.2, roundTrip }) as never;
    const movements = (without: number) => [
      ...[movement('untrained', 0), movement('default', 0.1), movement('no identity penalty', 0.2)],
      movement('no identity penalty, no cycles', without),
    ];
    const last = (without: number) => checkBars({ figures: [], movements: movements(without) }).at(-1)!;
    expect(last(0.7)).toMatchObject({ isMet: true, measured: '0.700 to 0.200, 3.5 times' });
    expect(last(0.5)).toMatchObject({ isMet: false });
  });
});
