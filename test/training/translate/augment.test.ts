import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { resolveSettings } from '../../../src/base/settings.ts';
import { createRandom } from '../../../src/base/philox.ts';
import { radialgan } from '../../../src/models/families/radialgan.ts';
import { rowWidth, type FeatureSchema } from '../../../src/models/features/schema.ts';
import type { Executor, NumberArray } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { RUN_SETTINGS } from '../../../src/training/run-settings.ts';
import { createAugmenter, fitRound, type Augmenter, type SeenRows } from '../../../src/training/translate/augment.ts';
import type { PreparedSource } from '../../../src/training/translate/classes.ts';
import { dealRows } from '../../../src/training/translate/compare-sources.ts';
import { fitTranslation } from '../../../src/training/translate/fit-translation.ts';
import type { PreparedSources } from '../../../src/training/translate/read-sources.ts';
import { measurements, plantSchema, toSource, type PlantName } from '../../support/plants.ts';

/** Class of a row: the line it came from, and whether it is faulty; ulm has no line c. */
const LINES = ['a', 'b', 'c'] as const;
const classes = LINES.flatMap((line) => ['0', '1'].map((faulty) => [line, faulty]));
const FOLDS = 4;

function prepare(name: PlantName, count: number): PreparedSource {
  const rows = measurements(name, count);
  const lines = name === 'ulm' ? 2 : 3;
  const source = toSource(name, rows);
  return {
    ...source,
    classes: Uint32Array.from(rows, ({ faulty }, row) => (row % lines) * 2 + faulty),
    normals: Uint32Array.from(rows.keys()).filter((row) => rows[row]!.faulty === 0),
  };
}

const SOURCES = [prepare('ulm', 60), prepare('brest', 80), prepare('turin', 70)];
const [ULM, BREST, TURIN] = SOURCES as [PreparedSource, PreparedSource, PreparedSource];

function preparedWith(ulm: PreparedSource): PreparedSources {
  return {
    sources: [ulm, BREST, TURIN],
    target: 'ulm',
    carried: [
      { name: 'line', kind: 'category' },
      { name: 'faulty', kind: 'number' },
    ],
    ...{ classes, sha256: '', warnings: [] },
  };
}

/** The critic's: the line varies among normals and is a condition, faulty is the same in all and is none. */
const SCHEMA: FeatureSchema = {
  fields: [
    { name: 'line', kind: 'category', missing: false, levels: ['b', 'a'], condition: true },
    ...plantSchema('ulm').fields,
  ],
  excluded: [],
};
/** Index of a line among the critic's levels; c is unseen. */
const LEVEL = { a: 1, b: 0, c: 2 };
const lineOf = (klass: number): number => LEVEL[LINES[Math.floor(klass / 2)]!];
const normalClasses = ({ classes: all, normals }: PreparedSource): number[] => Array.from(normals, (row) => all[row]!);

const column = ({ data, shape }: NumberArray, slot: number): number[] =>
  Array.from({ length: shape[0]! }, (_, row) => data[row * shape[1]! + slot]!);
const bytes = (array: Uint8Array | Float32Array): Buffer =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** The source with its row's first number moved far away. */
function poison(source: PreparedSource, row: number): PreparedSource {
  const data = source.rows.data.slice();
  data[row * rowWidth(source.schema)] = 1e4;
  return { ...source, rows: { ...source.rows, data } };
}

describe('rows of other sources for the critic of the target', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  });
  afterAll(() => executor.close());

  const flags = { translationSteps: 4, translationHidden: [8] };
  const values = resolveSettings(radialgan.settings, { flags: {}, env: {}, file: flags });
  const run = resolveSettings(RUN_SETTINGS, { flags: {}, env: {}, file: { data: ['none.csv'] } });
  const config = { family: radialgan, values, run };

  async function augment(ulm: PreparedSource): Promise<Augmenter> {
    const prepared = preparedWith(ulm);
    const fitted = await fitTranslation({
      ...{ executor, family: radialgan, values, classes: classes.length, numbers: run.numbers },
      ...{ sources: prepared.sources, random: createRandom(run.seed) },
    });
    return createAugmenter({ config, prepared, fitted, schema: SCHEMA, executor });
  }
  const range = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, row) => row);
  const countOfOthers = 60 - ULM.normals.length;
  const others = [...range(60)].filter((row) => !ULM.normals.includes(row));
  /** Every fourth row is held out, the first among them. */
  const seen: SeenRows = {
    normals: range(ULM.normals.length).filter((row) => row % FOLDS !== 0),
    others: range(countOfOthers).filter((row) => row % FOLDS !== 0),
  };

  it('carry the conditions of their own source, of which one that the target never had is unseen', async () => {
    const augmenter = await augment(ULM);
    const wanted = [...normalClasses(BREST), ...normalClasses(TURIN)].map(lineOf);
    expect(new Set(wanted)).toEqual(new Set([0, 1, 2]));
    const whole = { normals: range(ULM.normals.length), others: range(countOfOthers) };
    for (const rows of [augmenter.pooled(seen), await augmenter.translated('whole', whole)]) {
      expect(column(rows, 0)).toEqual(wanted);
    }
    expect(column(await augmenter.translated('fold', seen), 0)).toEqual(wanted);
    expect(column(augmenter.others, 0)).toEqual(others.map((row) => lineOf(ULM.classes[row]!)));
  }, 60_000);

  it('come from a translation that has not seen what its fold holds out, normal or not', async () => {
    const translatorOf = async (ulm: PreparedSource): Promise<Buffer> => {
      const fitted = await fitRound({ config, prepared: preparedWith(ulm), schema: SCHEMA, executor }, 'fold', seen);
      return bytes(fitted.translator('brest', 'ulm'));
    };
    const clean = await translatorOf(ULM);
    const isSame = async (row: number): Promise<boolean> => (await translatorOf(poison(ULM, row))).equals(clean);
    expect(await isSame(ULM.normals[0]!)).toBe(true);
    expect(await isSame(others[0]!)).toBe(true);
    expect(await isSame(ULM.normals[1]!)).toBe(false);
    expect(await isSame(others[1]!)).toBe(false);
  }, 60_000);

  it('have, pooled, what they lack at the mean of the rows that were seen', async () => {
    const slot = 1 + 3;
    const speedOf = async (row: number): Promise<number> => {
      const data = ULM.rows.data.slice();
      data[row * rowWidth(ULM.schema) + 3] = 1e6;
      const pooled = (await augment({ ...ULM, rows: { ...ULM.rows, data } })).pooled(seen);
      return column(pooled, slot).at(-1)!;
    };
    const kept = [...seen.normals].map((row) => ULM.normals[row]!);
    const rows = [...kept, ...[...seen.others].map((row) => others[row]!)];
    const speeds = rows.map((row) => ULM.rows.data[row * rowWidth(ULM.schema) + 3]!);
    const mean = Math.round(speeds.reduce((sum, value) => sum + value, 0) / speeds.length);
    expect(await speedOf(ULM.normals[0]!)).toBe(mean);
    expect(await speedOf(others[0]!)).toBe(mean);
    expect(await speedOf(ULM.normals[1]!)).toBeGreaterThan(mean + 1000);
  }, 60_000);
});

describe('known anomalies', () => {
  it('are dealt into folds: each is held out once, and trains in all others', () => {
    const dealt = dealRows(11, 3, createRandom(1));
    const all = Array.from({ length: 11 }, (_, row) => row);
    const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);
    expect(sorted(dealt.flatMap(({ heldOutOthers }) => [...heldOutOthers]))).toEqual(all);
    for (const { others, heldOutOthers } of dealt) expect(sorted([...others, ...heldOutOthers])).toEqual(all);
  });
});
