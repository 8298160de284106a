import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { resolveSettings } from '../../src/base/settings.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { radialgan } from '../../src/models/families/radialgan.ts';
import type { Place } from '../../src/models/radial/places.ts';
import type { Union } from '../../src/models/radial/union.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Executor, NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import { describeEngines } from '../support/engines.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';

const numbers = z.array(z.number());
const named = z.record(z.string(), numbers);
/** What test/golden/make_radialgan.py writes. */
const golden = z
  .strictObject({
    madeBy: z.string(),
    batch: z.number(),
    steps: z.number(),
    hidden: numbers,
    latent: z.number(),
    learningRate: z.number(),
    counts: z.array(numbers),
    masks: z.array(numbers),
    table: numbers,
    presets: z.record(z.string(), z.strictObject({ initial: named, noise: named, losses: named, final: named })),
  })
  .parse(JSON.parse(readFileSync(new URL('../golden/radialgan.json', import.meta.url), 'utf8')));

const PLACE: Place = { slot: 0, missing: false, imputed: 0, neutral: 0 };
const ENDS = { smallest: -9, largest: 9, masses: { lowest: null, highest: null } };
const NUMBER = { ...PLACE, integer: false, mean: 0, deviation: 1, ...ENDS };
const SOURCES = ['a', 'b', 'c'];
const three = <T>(place: T): T[] => SOURCES.map(() => place);

/** The columns of the golden file: three numbers, a time, a flag, categories of three and four levels. */
const union: Union = {
  sources: SOURCES.map((name) => ({ name, schema: { fields: [], excluded: [] } })),
  numbers: ['n1', 'n2', 'n3'].map((name) => ({ name, signedLog: false, places: three(NUMBER) })),
  cycles: [{ name: 'at', places: three(PLACE) }],
  flags: [{ name: 'flag', places: three(PLACE) }],
  categories: [3, 4].map((count) => {
    const levels = Array.from({ length: count }, (_, level) => `${level}`);
    return { name: `of ${count}`, levels, places: three(PLACE), indices: three(levels.map(Number)) };
  }),
  width: golden.masks[0]!.length,
  masks: golden.masks.map((mask) => Float32Array.from(mask)),
};

function goldenTask(preset: string): TrainingTask {
  const { batch, hidden, latent, learningRate } = golden;
  const small = {
    translationBatch: batch,
    translationHidden: hidden,
    sharedLatent: latent,
    translationRate: learningRate,
  };
  const drawLevels = golden.presets[preset]!.noise['levels.coder'] !== undefined;
  const file = { ...radialgan.presets[preset]!.values, ...small, drawLevels };
  const values = resolveSettings(radialgan.settings, { flags: {}, env: {}, file });
  return radialgan.planTranslation!(values, { union, counts: golden.counts }).task;
}

function goldenFeeds(task: TrainingTask, preset: string): NamedArrays {
  const { initial, noise } = golden.presets[preset]!;
  const state = task.initial.map(({ name, shape }): [string, NumberArray] => {
    const size = shape.reduce((product, length) => product * length, 1);
    return [
      name,
      { shape, data: Float32Array.from(initial[name.replace('translation.', '')] ?? new Float32Array(size)) },
    ];
  });
  const drawn = task.draws.map((draw): [string, NumberArray] => {
    const { name } = draw.input.attributes;
    const shape = [golden.steps, ...(draw.input.shape as number[])];
    const steps = Array.from({ length: golden.steps }, (_, step) => step);
    const values = draw.kind === 'schedule' ? steps.map(draw.value) : noise[name];
    if (values === undefined) throw new Error(`the golden file has no noise ${name}`);
    return [name, { shape, data: Float32Array.from(values) }];
  });
  const rows = golden.counts.flat().reduce((total, count) => total + count, 0);
  const table = { shape: [rows, union.width + 1], data: Float32Array.from(golden.table) };
  return { ...Object.fromEntries([...state, ...drawn]), [TRAINING_ROWS]: table };
}

/**
 * Compares with golden arrays; the tolerance is relative to an array's own size, and at least to 1 for a loss: a difference of
 * means is small, and as inexact as they are.
 */
function expectGolden(actual: NamedArrays, name: string, wanted: readonly number[], least: number): void {
  const { shape } = actual[name]!;
  const expected = { shape, data: Float32Array.from(wanted) };
  const size = Math.max(least, rootMeanSquare(expected));
  expect({ name, faults: findDifferences(actual[name], expected, 1e-5, size) }).toEqual({
    name,
    faults: [],
  });
}

describeEngines(['ONNX Runtime', 'TF.js on wasm', 'TensorFlow'], 'RadialGAN against PyTorch', (open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.close());

  it.each(Object.keys(radialgan.presets))('has the losses of ten steps of the preset %s', async (preset) => {
    const { losses, final } = golden.presets[preset]!;
    const task = goldenTask(preset);
    const session = await executor.compileSteps(task.program);
    const results = await session.run(golden.steps, goldenFeeds(task, preset));
    await session.close();
    expect(Object.keys(losses).sort()).toEqual(Object.keys(task.program.reports).sort());
    for (const [name, wanted] of Object.entries(losses)) {
      expect(wanted).toHaveLength(10);
      expectGolden(results, `report.${name}`, wanted, 1);
    }
    for (const [name, wanted] of Object.entries(final)) {
      expectGolden(results, `state.translation.${name}`, wanted, 0);
    }
  });
});
