import { createRandom } from '../../src/base/philox.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { planPhase } from '../../src/models/stylegan/game.ts';
import { channelsAt, sizesUpTo } from '../../src/models/stylegan/resolutions.ts';
import { CROSSING_GAME } from '../../src/runtime/choice/choose.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';
import { initialState } from '../../src/training/steps/state.ts';

/** The game that is timed; R1 at each update of the critic, so that a step is one update of each. */
const GAME = {
  images: 64,
  batch: CROSSING_GAME.images,
  colours: 3,
  latent: 64,
  mappingLayers: 4,
  mixing: 0.9,
  weight: 10,
  average: 0.999,
};
const CHANNELS = { base: 512, most: CROSSING_GAME.channels };

/** The same for bench/device_torch.py. */
export function torchGame(size: number): object {
  const { images: count, batch, colours, latent, mappingLayers, mixing, weight, average } = GAME;
  const rules = { objective: 'non-saturating', regulariser: 'r1', weight, interval: 1, mixing, average };
  const channels = Object.fromEntries(sizesUpTo(size).map((at) => [at, channelsAt(CHANNELS, at)]));
  return { count, batch, latent, mappingLayers, channels, case: { size, colours, fading: false, ...rules } };
}

/** Takes so many steps in one call. */
export type TakeSteps = (steps: number) => Promise<void>;

export async function openStyleGan(executor: Executor, size: number): Promise<TakeSteps> {
  const { images, batch, colours, latent, mappingLayers, mixing, weight, average } = GAME;
  const optimiser = { kind: 'adam', beta1: 0, beta2: 0.99, epsilon: 1e-8, learningRate: () => 2e-3 } as const;
  const task = planPhase(
    {
      ...{ name: 'bench', title: 'StyleGAN', remedy: '', colours, labels: 0, latent, mappingLayers, mixing },
      ...{ batch, channels: CHANNELS, augmentations: [] },
      rules: {
        ...{ objective: 'non-saturating', criticSteps: 1, order: 'alternating', generatorAverage: average },
        ...{ regulariser: { kind: 'r1', weight, interval: 1 } },
        ...{ criticOptimiser: optimiser, generatorOptimiser: optimiser },
      },
    },
    { name: 'bench', size, isFading: false, images: 1_000_000, imagesBefore: 0 },
    images,
  );
  const random = createRandom(1);
  const start = initialState(task, random);
  const table = { data: new Float32Array(images * colours * size * size), shape: [images, colours * size * size] };
  random.stream('images').fillUniform(table.data, 0);
  const state: NamedArrays = Object.fromEntries(
    task.initial.map(({ name, shape }) => [name, { data: start[name]!, shape }]),
  );
  const feeds = { ...state, [TRAINING_ROWS]: table };
  const draws = createDraws(task, random);
  const session = await executor.compileSteps(task.program);
  let taken = 0;
  return async (steps) => {
    await session.run(steps, { ...feeds, ...draws(taken, steps, 1) });
    taken += steps;
  };
}
