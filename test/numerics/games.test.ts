import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AdversarialCriticOptions } from '../../src/models/critics/adversarial-critic.ts';
import { BATCH_LAYERS } from '../../src/models/layers/batch-layers.ts';
import { NORMS } from '../../src/models/layers/norms.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';
import { readGames, readGolden, type GoldenGame } from '../support/golden.ts';
import { goldenFeeds, goldenTask } from '../support/golden-task.ts';

const golden = readGolden();
const games = readGames();

/** The rounds of a step in a case, by hand. */
const ROUNDS_OF_INTERVAL: Readonly<Record<number, number>> = { 1: 1, 4: 2, 5: 1 };

function optionsOf({ case: each }: GoldenGame): Partial<AdversarialCriticOptions> {
  const { objective, criticSteps, learningRate, schedule, weight, interval, beta1, beta2 } = each;
  return {
    ...{ objective, criticSteps, learningRate, schedule, generatorAverage: each.average },
    regulariser: { kind: each.regulariser, weight, interval },
    optimiser: { kind: each.optimiser, beta1, beta2, epsilon: 1e-8 },
    steps: golden.steps * criticSteps * ROUNDS_OF_INTERVAL[interval]!,
    ...(each.layers && { criticLayers: each.layers }),
  };
}

const nameOf = ({ case: { layers, ...each } }: GoldenGame): string =>
  [...Object.values(each), ...Object.values(layers ?? {})].join(' ');

let executor: Executor;
beforeAll(async () => {
  executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
});
afterAll(() => executor.close());

async function play(options: Partial<AdversarialCriticOptions>, game: GoldenGame): Promise<NamedArrays> {
  const task = goldenTask(golden, options);
  const session = await executor.compileSteps(task.program);
  const initial = { ...golden.initial, ...game.initial };
  const noise = { ...golden.noise, ...game.noise };
  const results = await session.run(golden.steps, goldenFeeds({ ...golden, initial, noise }, task));
  await session.close();
  return results;
}

/** Losses that differ from PyTorch's by more than a hundred-thousandth of their size. */
function findWrongLosses(results: NamedArrays, { losses }: GoldenGame): string[] {
  return Object.entries(losses).flatMap(([name, wanted]) => {
    const expected = { shape: [golden.steps], data: Float32Array.from(wanted) };
    const faults = findDifferences(results[`report.${name}`], expected, 1e-5, rootMeanSquare(expected));
    return faults.map((fault) => `${name} ${fault}`);
  });
}

describe('ten steps of critic and generator have the losses that PyTorch has', () => {
  it.each(games.map((game) => [nameOf(game), game] as const))('%s', async (_, game) => {
    const results = await play(optionsOf(game), game);
    expect(findWrongLosses(results, game)).toEqual([]);
    const averages = Object.entries(game.averages ?? {}).map(([name, wanted]) => [`${name}.average`, wanted] as const);
    for (const [name, wanted] of [...averages, ...Object.entries(game.kept ?? {})]) {
      const actual = results[`state.golden.${name}`];
      const expected = { shape: actual!.shape, data: Float32Array.from(wanted) };
      expect(findDifferences(actual, expected, 1e-5, rootMeanSquare(expected))).toEqual([]);
    }
  });

  it('were made for each objective with each regulariser, for each optimiser, and for each layer', () => {
    const kinds = (key: 'objective' | 'regulariser' | 'optimiser') => new Set(games.map((game) => game.case[key])).size;
    expect([kinds('objective'), kinds('regulariser'), kinds('optimiser')]).toEqual([3, 6, 3]);
    const layers = games.flatMap((game) => game.case.layers ?? []);
    expect(new Set(layers.map(({ norm }) => norm))).toEqual(new Set(Object.keys(NORMS)));
    expect(new Set(layers.map(({ batch }) => batch))).toEqual(new Set(Object.keys(BATCH_LAYERS)));
    expect(layers.some(({ dropout }) => dropout > 0)).toBe(true);
  });
});

describe('the comparison with PyTorch notices', () => {
  const find = (wanted: Partial<GoldenGame['case']>): GoldenGame =>
    games.find(({ case: each }) =>
      Object.entries(wanted).every(([key, value]) => each[key as keyof typeof each] === value),
    )!;
  const lazy = find({ interval: 4 });
  const r1 = find({ objective: 'non-saturating', regulariser: 'r1', optimiser: 'rmsprop', beta1: 0.5 });
  const withLayer = (key: 'norm' | 'dropout', value: unknown): GoldenGame =>
    games.find(({ case: { layers } }) => layers?.[key] === value)!;
  const [normed, dropped] = [withLayer('norm', 'layer'), withLayer('dropout', 0.3)];
  const clip = find({ objective: 'wasserstein', regulariser: 'clip' });

  it.each([
    ['gamma where gamma / 2 is meant', r1, { regulariser: { kind: 'r1', weight: 20, interval: 1 } }],
    ['R2 in place of R1', r1, { regulariser: { kind: 'r2', weight: 10, interval: 1 } }],
    ['a minimax generator', r1, { objective: 'minimax' }],
    ['another momentum', r1, { optimiser: { kind: 'rmsprop', beta1: 0.4, beta2: 0.9, epsilon: 1e-8 } }],
    ['Adam in place of RMSprop', r1, { optimiser: { kind: 'adam', beta1: 0.5, beta2: 0.9, epsilon: 1e-8 } }],
    ['a wider clip', clip, { regulariser: { kind: 'clip', weight: 0.31, interval: 1 } }],
    ['a critic without its layer normalisation', normed, { criticLayers: { ...normed.case.layers!, norm: 'none' } }],
    ['a critic without its dropout', dropped, { criticLayers: { ...dropped.case.layers!, dropout: 0 } }],
    ['a lazy penalty without its factor', lazy, { regulariser: { kind: 'r1', weight: 2.5, interval: 4 } }],
  ] as const)('%s', async (_, game, wrong) => {
    expect(findWrongLosses(await play({ ...optionsOf(game), ...wrong }, game), game)).not.toEqual([]);
  });
});
