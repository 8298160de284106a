import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { resolveSettings } from '../../../src/base/settings.ts';
import { readInputWidths } from '../../../src/graph/onnx/read-inputs.ts';
import { radialgan } from '../../../src/models/families/radialgan.ts';
import { decodeRecords } from '../../../src/models/features/decode.ts';
import { encodeRecords, type RawRecord } from '../../../src/models/features/encode.ts';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';
import type { Executor, NamedArrays } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import {
  fitTranslation,
  type FitTranslationOptions,
  type FittedTranslation,
  type TranslationSource,
} from '../../../src/training/translate/fit-translation.ts';
import { findDifferences } from '../../support/arrays.ts';
import { needs } from '../../support/needs.ts';
import { measurements, plantSchema, PLANTS, toSource } from '../../support/plants.ts';
import { runInPython, toPython } from '../../support/python-onnx.ts';

const ulm = toSource('ulm', measurements('ulm', 60));
const brest = toSource('brest', measurements('brest', 150));
const turin = toSource('turin', measurements('turin', 150));

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

function fit(
  file: Readonly<Record<string, unknown>> = {},
  changes: Partial<FitTranslationOptions> = {},
): Promise<FittedTranslation> {
  return fitTranslation({
    ...{ executor, random: createRandom(1), family: radialgan, numbers: 'auto', classes: 2 },
    values: resolveSettings(radialgan.settings, { flags: {}, env: {}, file: { translationSteps: 30, ...file } }),
    sources: [ulm, brest, turin],
    ...changes,
  });
}

const asRecords = (schema: FeatureSchema, { data }: { readonly data: Float32Array }): RawRecord[] =>
  decodeRecords(schema, data);

describe('rows of one source as rows of another', () => {
  let fitted: FittedTranslation;
  let drawing: FittedTranslation;
  beforeAll(async () => {
    [fitted, drawing] = [await fit(), await fit({ drawLevels: true })];
  }, 60_000);

  const translate = (from: TranslationSource, records: readonly RawRecord[], lacking?: 'neutral' | 'generate') =>
    fitted
      .translate(
        { ...from, rows: { data: encodeRecords(from.schema, records), shape: [records.length, from.rows.shape[1]!] } },
        'ulm',
        { seed: 1, ...(lacking && { lacking }) },
      )
      .then((rows) => asRecords(ulm.schema, rows));

  it("has exactly the target's columns, whole numbers and levels", async () => {
    const records = asRecords(ulm.schema, await fitted.translate(brest, 'ulm', { seed: 1 }));
    expect(records).toHaveLength(150);
    for (const record of records) {
      expect(Object.keys(record)).toEqual(['load', 'heat', 'vibration', 'speed', 'mode', 'guarded']);
      expect(Number.isInteger(record['speed'])).toBe(true);
      expect(PLANTS.ulm.modes).toContain(record['mode']);
      expect(typeof record['guarded']).toBe('boolean');
    }
  });

  it("is in the target's units: heat of turin is measured in another", async () => {
    const heat = (records: readonly RawRecord[]): number =>
      records.reduce((sum, record) => sum + Number(record['heat']), 0) / records.length;
    const own = heat(asRecords(ulm.schema, ulm.rows));
    expect(heat(asRecords(turin.schema, turin.rows))).toBeGreaterThan(1.5 * own);
    const translated = heat(asRecords(ulm.schema, await fitted.translate(turin, 'ulm', { seed: 1 })));
    expect(Math.abs(translated - own)).toBeLessThan(0.1 * own);
  });

  it("has the target's mean in a column that its source lacks, or what was made up", async () => {
    const rows = asRecords(turin.schema, turin.rows);
    const neutral = new Set((await translate(turin, rows)).map(({ speed }) => speed));
    const speeds = asRecords(ulm.schema, ulm.rows).map(({ speed }) => Number(speed));
    expect([...neutral]).toEqual([Math.round(speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length)]);
    const generated = new Set((await translate(turin, rows, 'generate')).map(({ speed }) => speed));
    expect(generated.size).toBeGreaterThan(20);
  });

  it('keeps a missing value missing only where the target has missing values', async () => {
    const row = asRecords(brest.schema, brest.rows)[0]!;
    const [translated] = await translate(brest, [{ ...row, vibration: null, heat: null, guarded: null, mode: null }]);
    expect(translated!['vibration']).toBeNull();
    expect(translated!['heat']).toEqual(expect.any(Number));
    expect(translated!['guarded']).toEqual(expect.any(Boolean));
    expect(PLANTS.ulm.modes).toContain(translated!['mode']);
  });

  it('takes a level that the source never had for its most frequent one', async () => {
    const rows = asRecords(brest.schema, brest.rows);
    const usual = await translate(
      brest,
      rows.map((row) => ({ ...row, mode: 'run' })),
    );
    expect(
      await translate(
        brest,
        rows.map((row) => ({ ...row, mode: 'repair' })),
      ),
    ).toEqual(usual);
  });

  it('leaves infinite and absurd values finite', async () => {
    const row = asRecords(brest.schema, brest.rows)[0]!;
    const [translated] = await translate(brest, [{ ...row, load: Infinity, heat: -1e30 }]);
    expect(Object.values(translated!).every((value) => typeof value !== 'number' || Number.isFinite(value))).toBe(true);
  });

  it('is the same for the same seed, and other draws for another, where levels are drawn', async () => {
    const again = await fit({ drawLevels: true });
    const [first, second, other] = await Promise.all([
      drawing.translate(brest, 'ulm', { seed: 1 }),
      again.translate(brest, 'ulm', { seed: 1 }),
      drawing.translate(brest, 'ulm', { seed: 2 }),
    ]);
    expect(second.data).toEqual(first.data);
    expect(Buffer.from(again.translator('brest', 'ulm')).equals(drawing.translator('brest', 'ulm'))).toBe(true);
    expect(other.data).not.toEqual(first.data);
  }, 60_000);

  it('knows no seed where the likeliest levels are taken', async () => {
    const [first, other] = [1, 2].map((seed) => fitted.translate(brest, 'ulm', { seed }));
    expect((await other!).data).toEqual((await first!).data);
    expect(readInputWidths(fitted.translator('brest', 'ulm'))).not.toHaveProperty('noise');
  });

  needs('python:onnxruntime').it("is what Python's onnxruntime makes of the same file", async () => {
    for (const [from, lacking] of [
      [brest, 'neutral'],
      [turin, 'generate'],
    ] as const) {
      const onnx = drawing.translator(from.name, 'ulm', lacking);
      const count = from.rows.shape[0]!;
      const noise = new Float32Array(count * readInputWidths(onnx)['noise']!);
      createRandom(3).stream('noise').fillUniform(noise, 0);
      const feeds: NamedArrays = {
        // JSON, by which rows go to Python, has no NaN.
        rows: { ...from.rows, data: from.rows.data.map((value) => (Number.isNaN(value) ? 2 : value)) },
        class: { data: Float32Array.from(from.classes as Uint8Array), shape: [count, 1] },
        noise: { data: noise, shape: [count, noise.length / count] },
      };
      const session = await executor.load(onnx);
      const { translated } = await session.run(feeds);
      await session.close();
      const [python] = runInPython([{ onnx, feeds: toPython(feeds) }]);
      const { shape, data } = python!['translated']!;
      expect(findDifferences({ shape, data: Float32Array.from(data) }, translated!, 1e-5, 1)).toEqual([]);
    }
  });
});

describe('sources that cannot be translated', () => {
  it('are refused where a column is of two kinds, with the remedy', async () => {
    const fields = plantSchema('brest').fields.map((field) =>
      field.name === 'mode' ? ({ name: 'mode', kind: 'boolean', missing: false } as const) : field,
    );
    const wrong = { ...brest, schema: { fields, excluded: [] } };
    await expect(fit({}, { sources: [ulm, wrong] })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(/"mode" is a category in ulm and a boolean in brest: .*--schema/) as unknown,
    });
  });

  it.each([
    ['one source', [ulm], 'translation needs at least two sources'],
    ['two of one name', [ulm, brest, { ...turin, name: 'ulm' }], /two sources are named ulm/],
    ['no rows', [ulm, { ...brest, rows: { data: new Float32Array(0), shape: [0, 6] } }], /brest has no rows/],
    ['a class too many', [ulm, { ...brest, classes: brest.rows.data.map(() => 2) }], /row 0 of brest has the class 2/],
  ])('are refused: %s', async (_, sources, message) => {
    await expect(fit({}, { sources })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message) as unknown,
    });
  });
});
