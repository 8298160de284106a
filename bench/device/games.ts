import { createRandom } from '../../src/base/philox.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { planPhase } from '../../src/models/stylegan/game.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';
import { initialState } from '../../src/training/steps/state.ts';

const IMAGES = 64;
const BATCH = 8;

/** Milliseconds of a step of a StyleGAN of the preset's rules at a size of image, critic and generator, in one call of so many steps. */
export async function timeStyleGan(executor: Executor, size: number, steps: number): Promise<number> {
  const optimiser = { kind: 'adam', beta1: 0, beta2: 0.99, epsilon: 1e-8, learningRate: () => 2e-3 } as const;
  const task = planPhase(
    {
      ...{ name: 'bench', title: 'StyleGAN', remedy: '', colours: 3, latent: 64, mappingLayers: 4, mixing: 0.9 },
      ...{ batch: BATCH, channels: { base: 512, most: 64 }, augmentations: [] },
      rules: {
        ...{ objective: 'non-saturating', criticSteps: 1, order: 'alternating', generatorAverage: 0.999 },
        ...{ regulariser: { kind: 'r1', weight: 10, interval: 16 } },
        ...{ criticOptimiser: optimiser, generatorOptimiser: optimiser },
      },
    },
    { name: 'bench', size, isFading: false, images: 1_000_000, imagesBefore: 0 },
    IMAGES,
  );
  const random = createRandom(1);
  const start = initialState(task, random);
  const table = { data: new Float32Array(IMAGES * 3 * size * size), shape: [IMAGES, 3 * size * size] };
  random.stream('images').fillUniform(table.data, 0);
  const state: NamedArrays = Object.fromEntries(
    task.initial.map(({ name, shape }) => [name, { data: start[name]!, shape }]),
  );
  const feeds = { ...state, [TRAINING_ROWS]: table };
  const draws = createDraws(task, random);
  const session = await executor.compileSteps(task.program);
  await session.run(1, { ...feeds, ...draws(0, 1, 1) });
  const begun = performance.now();
  await session.run(steps, { ...feeds, ...draws(1, steps, 1) });
  const ms = (performance.now() - begun) / steps;
  await session.close();
  return ms;
}
