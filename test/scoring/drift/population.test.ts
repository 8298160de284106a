import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import { createPopulation, stabilityIndex, type FieldDrift } from '../../../src/scoring/drift/population.ts';
import { fingerprintRows } from '../../../src/training/data/fingerprint.ts';

const SCHEMA: FeatureSchema = {
  fields: [
    { kind: 'number', name: 'amount', missing: true, integer: false },
    { kind: 'timestamp', name: 'at', missing: false },
    { kind: 'category', name: 'colour', missing: false, levels: ['red', 'blue'] },
    { kind: 'boolean', name: 'paid', missing: false },
    // Half of the rows have one value.
    { kind: 'number', name: 'visits', missing: false, integer: true },
  ],
  excluded: [],
};
const WIDTH = 6;

function drawRows(seed: number, count: number): Float32Array {
  const random = createRandom(seed);
  const [normal, uniform] = [new Float32Array(count), new Float32Array(5 * count)];
  random.stream('n').fillNormal(normal, 0);
  random.stream('u').fillUniform(uniform, 0);
  const rows = new Float32Array(count * WIDTH);
  for (let row = 0; row < count; row++) {
    const [a, b, c, d, e] = uniform.subarray(5 * row);
    const amount = a! < 0.1 ? NaN : normal[row]!;
    const visits = d! < 0.5 ? 0 : Math.floor(20 * e!);
    rows.set([amount, 86_400 * b!, 3, c! < 0.7 ? 0 : 1, e! < 0.2 ? 1 : 0, visits], row * WIDTH);
  }
  return rows;
}

/** Watches `rows` after training on 5,000 of the usual ones. */
function watch(rows: Float32Array, window = 10_000, perCall = 50): Record<string, FieldDrift> {
  const training = drawRows(1, 5000);
  const { columns } = fingerprintRows(SCHEMA, training, 5000);
  const population = createPopulation({ schema: SCHEMA, columns, trainingRows: 5000, window });
  for (let at = 0; at < rows.length; at += perCall * WIDTH) population.observe(rows.subarray(at, at + perCall * WIDTH));
  return Object.fromEntries(population.fields.map((field) => [field.name, field]));
}

function change(rows: Float32Array, slot: number, value: (row: number, before: number) => number): Float32Array {
  return rows.map((before, at) => (at % WIDTH === slot ? value(Math.floor(at / WIDTH), before) : before));
}

describe('drift of the fields', () => {
  it('is small for rows like those of training, from the first ones on', () => {
    for (const count of [1, 10, 100, 1000, 20_000]) {
      for (const field of Object.values(watch(drawRows(2, count)))) expect(field.stabilityIndex).toBeLessThan(0.08);
    }
  });

  it('finds the number that moved, and no other field', () => {
    const { amount, ...others } = watch(change(drawRows(2, 5000), 0, (_, before) => before + 1));
    expect(amount!.stabilityIndex).toBeGreaterThan(0.25);
    for (const { stabilityIndex: index } of Object.values(others)) expect(index).toBeLessThan(0.02);
  });

  it('tells shares of missing values and of unseen levels', () => {
    const missing = change(drawRows(2, 5000), 0, (row, before) => (row % 2 === 0 ? NaN : before));
    const { amount, colour } = watch(change(missing, 3, (row, before) => (row % 4 === 0 ? 2 : before)));
    expect(amount!.missingShare).toBeCloseTo(0.55, 1);
    expect(amount!.trainingMissingShare).toBeCloseTo(0.1, 1);
    expect(colour!.unseenShare).toBeCloseTo(0.25, 2);
    expect(colour!.stabilityIndex).toBeGreaterThan(0.25);
    expect(colour!.missingShare).toBe(0);
  });

  it('does not take the time of day for a shift: a window sees a part of a day', () => {
    const { at } = watch(change(drawRows(2, 2000), 1, () => 3600));
    expect(at!.stabilityIndex).toBeLessThan(0.01);
    expect(watch(change(drawRows(2, 2000), 1, () => NaN))['at']!.missingShare).toBe(1);
  });

  it('forgets: after a few windows of usual rows nothing is left of a shift', () => {
    const shifted = change(drawRows(2, 5000), 5, (_, before) => before + 50);
    expect(watch(shifted, 500)['visits']!.stabilityIndex).toBeGreaterThan(1);
    expect(watch(Float32Array.of(...shifted, ...drawRows(3, 5000)), 500)['visits']!.stabilityIndex).toBeLessThan(0.1);
  });

  it('looks at some rows of a big call, and at the rows between in proportion', () => {
    const rows = change(drawRows(2, 20_000), 0, (row, before) => (row % 2 === 0 ? before : before + 3));
    const [some, all] = [watch(rows, 10_000, 20_000)['amount']!, watch(rows, 10_000, 50)['amount']!];
    expect(some.stabilityIndex / all.stabilityIndex).toBeCloseTo(1, 0);
    const { columns } = fingerprintRows(SCHEMA, drawRows(1, 5000), 5000);
    const population = createPopulation({ schema: SCHEMA, columns, trainingRows: 5000, window: 10_000 });
    population.observe(drawRows(4, 20_000));
    expect(population.rows).toBeCloseTo(10_000 * (1 - Math.exp(-2)), -3);
  });

  it('is small for rows like those of training, however large the calls and small the window', () => {
    for (const [perCall, window] of [
      [4096, 500],
      [16_384, 10_000],
      [65_536, 10_000],
    ] as const) {
      for (const field of Object.values(watch(drawRows(2, 65_536), window, perCall))) {
        expect(field.stabilityIndex).toBeLessThan(0.15);
      }
    }
  });

  it('sees all of rows that take turns, whatever the size of the calls', () => {
    const turns = change(drawRows(2, 20_000), 3, (row) => row % 2);
    for (const perCall of [128, 192, 256, 1024, 4096]) {
      const { colour } = watch(turns, 10_000, perCall);
      const { colour: whole } = watch(turns, 10_000, 32);
      expect(Math.abs(colour!.stabilityIndex - whole!.stabilityIndex)).toBeLessThan(0.05);
    }
  });

  it('is as it was after a call of no rows', () => {
    const { columns } = fingerprintRows(SCHEMA, drawRows(1, 5000), 5000);
    const population = createPopulation({ schema: SCHEMA, columns, trainingRows: 5000, window: 10_000 });
    population.observe(drawRows(4, 100));
    const before = JSON.stringify([population.rows, population.fields]);
    population.observe(new Float32Array(0));
    expect(JSON.stringify([population.rows, population.fields])).toBe(before);
  });

  it('counts on without end: weights are brought back before they overflow', () => {
    const rows = drawRows(2, 200);
    const repeated = new Float32Array(300 * rows.length);
    for (let time = 0; time < 300; time++) repeated.set(rows, time * rows.length);
    const { amount } = watch(repeated, 100, 200);
    expect(amount!.stabilityIndex).toBeGreaterThan(0);
    expect(amount!.stabilityIndex).toBeLessThan(0.3);
  });
});

describe('the stability index', () => {
  it('is the sum of (o - e) ln(o / e) once there are many rows', () => {
    const seen = Float64Array.of(0.5e9, 0.3e9, 0.2e9);
    const byHand = (0.5 - 0.2) * Math.log(0.5 / 0.2) + (0.2 - 0.5) * Math.log(0.2 / 0.5);
    expect(stabilityIndex(seen, Float64Array.of(0.2, 0.3, 0.5), 1e9)).toBeCloseTo(byHand, 5);
  });
});
