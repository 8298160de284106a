import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { GENERATOR_FILE, WEIGHTS_FILE } from '../../src/models/artefact/layout.ts';
import { readArtefact } from '../../src/models/artefact/read.ts';
import { planAdversarialCritic } from '../../src/models/critics/adversarial-critic.ts';
import { FAMILIES } from '../../src/models/families/index.ts';
import { CONDITION_INPUT, GENERATED_OUTPUT, LATENT_INPUT } from '../../src/models/generator-graph.ts';
import { input } from '../../src/graph/operations.ts';
import { decodeWeights } from '../../src/training/continue/weights-file.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { useDataFolder } from '../support/data-files.ts';
import { normalOrders, toCsv, trainTiny } from '../support/train-tiny.ts';

const home = useDataFolder();
const LATENT = 8;
/** And two numbers for each level that is drawn: of the missing weight, and of whether the order is wrapped. */
const NOISE = LATENT + 2 * (2 + 3);
/** Every layer that a critic may have, and an average of the generator's weights; clipping does not go with normalisation. */
const EVERYTHING = {
  ...{ criticNorm: 'spectral', criticDropout: 0.3, minibatch: 'discrimination', minibatchKernels: 3 },
  regulariser: 'gradient-penalty',
  ...{ generatorAverage: 0.9, latent: LATENT, steps: 20, schedule: 'cosine', members: ['logistic'] },
};

/** Those that learn from one table. */
const NAMES = Object.values(FAMILIES).flatMap((family) => (family.planTranslation ? [] : [family.name]));

describe.each(NAMES)('the family %s', (family) => {
  it('trains with a condition and every layer, and its generator keeps the condition that it is given', async () => {
    const data = home.path('orders.csv');
    await writeFile(data, toCsv(normalOrders(120)));
    const settings = { ...EVERYTHING, family, condition: ['colour'], score: 'both', folds: 2, rate: 0.2 };
    const { folder } = await trainTiny({ data, out: home.path(family), ...settings });
    const { read, manifest } = await readArtefact(folder);
    expect(manifest.family).toBe(family);
    const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
    try {
      const generator = await executor.load(await read(GENERATOR_FILE));
      const z = new Float32Array(9 * NOISE);
      createRandom(3).stream('z').fillNormal(z, 0);
      const colours = Float32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2);
      const results = await generator.run({
        [LATENT_INPUT]: { data: z, shape: [9, NOISE] },
        [CONDITION_INPUT]: { data: colours, shape: [9, 1] },
      });
      const { data: rows } = results[GENERATED_OUTPUT]!;
      expect(rows.filter((_, at) => at % 7 === 3)).toEqual(colours);
    } finally {
      await executor.close();
    }
  });

  it('goes on from a model with what its layers have kept', async () => {
    const data = home.path('orders.csv');
    await writeFile(data, toCsv(normalOrders(120)));
    const settings = { ...EVERYTHING, family, generator: true, score: 'own', folds: 2, rate: 0.2 };
    const first = await trainTiny({ data, out: home.path(`${family}-first`), ...settings });
    const { read } = await readArtefact(first.folder);
    const kept = decodeWeights(await read(WEIGHTS_FILE)).tasks['own']!;
    expect(Object.keys(kept).filter((name) => /\.(singular|usual)$/.test(name)).length).toBe(4);
    expect(kept['own.critic.batch.usual']!.some((value) => value > 0)).toBe(true);
    const again = await trainTiny({ data, out: home.path(`${family}-again`), ...settings, fromModel: first.folder });
    expect(again.result.comparison?.rankCorrelation).toBeGreaterThan(0.5);
  });
});

describe('a generator with an average of its weights', () => {
  const numbers = [
    {
      ...{ name: 'x', slot: 0, unit: 0, signedLog: false, integer: false, imputed: 0 },
      ...{ smallest: -9, largest: 9, mean: 0, deviation: 1, centre: 0 },
    },
  ];
  const namesUsed = (generatorAverage: number): string[] => {
    const plan = planAdversarialCritic(
      {
        ...{ name: 'own', title: 'own', objective: 'wasserstein', criticSteps: 1, latent: 2, hidden: [3], slope: 0 },
        ...{ batch: 4, steps: 1, learningRate: 1e-3, schedule: 'constant', generatorAverage },
        regulariser: { kind: 'none', weight: 0, interval: 1 },
        optimiser: { kind: 'sgd', beta1: 0, beta2: 0, epsilon: 0 },
      },
      { count: 4, transform: { numbers, cycles: [], levels: [], fixed: [], clip: 20 }, scale: 1 },
    );
    const names: string[] = [];
    plan.generator!.outputs(input('z', [5, 2]), null, ({ name, shape }) => {
      names.push(name);
      return input(name, shape);
    });
    return names;
  };

  it('generates by the average, and by the weights themselves where there is none', () => {
    expect(namesUsed(0.9).every((name) => name.endsWith('.average'))).toBe(true);
    expect(namesUsed(0)).toEqual([
      ...['own.generator.0.weight', 'own.generator.0.bias'],
      ...['own.generator.1.weight', 'own.generator.1.bias'],
    ]);
  });
});
