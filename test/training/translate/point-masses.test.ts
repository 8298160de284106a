import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { resolveSettings } from '../../../src/base/settings.ts';
import { radialgan } from '../../../src/models/families/radialgan.ts';
import { findPointMasses } from '../../../src/models/radial/point-masses.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { fitTranslation, type TranslationSource } from '../../../src/training/translate/fit-translation.ts';

const COUNT = 60;

/** Rows of one number that is often the least, seldom the most, and between them by an arithmetic rule. */
function source(name: string, least: number, unit: number, share: number): TranslationSource {
  const schema = { fields: [{ name: 'rain', kind: 'number', missing: false, integer: false }], excluded: [] } as const;
  const dry = Math.round(share * COUNT);
  const data = Float32Array.from({ length: COUNT }, (_, row) => (row < dry ? least : least + unit * (row - dry + 1)));
  return { name, schema, rows: { data, shape: [COUNT, 1] } };
}

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

async function translated(
  from: TranslationSource,
  to: TranslationSource,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Float32Array> {
  const file = { translationSteps: 30, ...changes };
  const fitted = await fitTranslation({
    ...{ executor, random: createRandom(1), family: radialgan, numbers: 'standard', sources: [from, to] },
    values: resolveSettings(radialgan.settings, { flags: {}, env: {}, file }),
  });
  return (await fitted.translate(from, to.name, { seed: 1 })).data;
}

const inches = source('inches', 0, 0.1, 0.5);
const millimetres = source('millimetres', 1, 2.5, 0.4);
const negated = (of: TranslationSource): TranslationSource => ({
  ...of,
  rows: { ...of.rows, data: of.rows.data.map((value) => 0 - value) },
});

describe('a value at the end of the range that many rows have', () => {
  for (const [from, to] of [
    [inches, millimetres],
    [millimetres, inches],
    [negated(inches), negated(millimetres)],
    [negated(millimetres), negated(inches)],
  ] as const) {
    const way = `from ${from.rows.data[0]} ${from.name} to ${to.rows.data[0]} ${to.name}`;
    it(`becomes the target's, and no other value passes it (${way})`, async () => {
      const [values, end] = [await translated(from, to), to.rows.data[0]!];
      const sign = Math.sign(to.rows.data.at(-1)! - end);
      for (const [row, value] of from.rows.data.entries()) {
        if (value === from.rows.data[0]) expect(values[row]).toBe(end);
        else expect((values[row]! - end) * sign).toBeGreaterThanOrEqual(0);
      }
    });
  }

  it('is what a null becomes, where the median is it and the target has no nulls', async () => {
    const { schema, rows } = source('wet', 0, 0.1, 0.6);
    const data = rows.data.map((value, row) => (row === 0 ? NaN : value));
    const fields = schema.fields.map((field) => ({ ...field, missing: true }));
    const values = await translated(
      { name: 'wet', schema: { ...schema, fields }, rows: { ...rows, data } },
      millimetres,
    );
    expect(values[0]).toBe(1);
  });

  it('is translated as all others are where the target has no such value, and with --no-keep-point-masses', async () => {
    const even = source('even', 5, 1, 0.05);
    for (const values of [
      await translated(inches, even),
      await translated(inches, millimetres, { keepPointMasses: false }),
    ]) {
      expect([1, 5]).not.toContain(values[0]);
      expect(new Set(values.slice(0, 30)).size).toBe(1);
    }
  });

  it('has more than a tenth of all rows, nulls included, and is not the only value', () => {
    const of = (values: readonly number[], rows = values.length) => findPointMasses(Float32Array.from(values), rows);
    expect(of([0, 0, 0, 1, 2, 3])).toEqual({ lowest: 0, highest: 3 });
    expect(of([0, 0, 0, 1, 2, 3], 20)).toEqual({ lowest: 0, highest: null });
    expect(of([0, 0, 0, 1, 2, 3], 30).lowest).toBeNull();
    expect(of([1, 1, 1])).toEqual({ lowest: null, highest: null });
    expect(of([])).toEqual({ lowest: null, highest: null });
  });
});

describe('whole numbers beside a point mass', () => {
  it('stay whole', async () => {
    const whole = ({ name, schema, rows }: TranslationSource, unit: number): TranslationSource => ({
      name,
      schema: { ...schema, fields: [{ name: 'rain', kind: 'number', missing: false, integer: true }] },
      rows: { ...rows, data: rows.data.map((value) => Math.round(value * unit)) },
    });
    const values = await translated(whole(millimetres, 2), whole(inches, 10));
    expect(values.every(Number.isInteger)).toBe(true);
    expect(values.slice(0, 24).every((value) => value === 0)).toBe(true);
  });
});
