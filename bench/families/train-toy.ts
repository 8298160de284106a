import { createRandom } from '../../src/base/philox.ts';
import { GENERATED_OUTPUT, generatorGraph, LATENT_INPUT } from '../../src/models/generator-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { fitCritics } from '../../src/training/fit/fit-critics.ts';
import { cpuClock, fitOptions } from '../support/detector.ts';
import { numberSchema } from '../support/open-sets.ts';
import type { ToySet } from './toy-sets.ts';

/** Rows that a generator is trained on, and rows that it is judged by. */
const TRAINING_ROWS = 20_000;
const JUDGED_ROWS = 2500;

export interface TrainedToy {
  /** Made-up rows [count, 2], packed, in the set's own units. */
  readonly rows: Float32Array;
  /** Halvings of the learning rate after a divergence. */
  readonly rollbacks: number;
  /** Processor time. */
  readonly seconds: number;
}

/** Trains a family's own critic and generator, as `train` would, and lets the generator make rows. */
export async function trainToy(
  executor: Executor,
  config: TrainConfig,
  set: ToySet,
  seed: number,
): Promise<TrainedToy> {
  const clock = cpuClock();
  const random = createRandom(seed);
  const schema = numberSchema(['x', 'y']);
  const matrix = {
    data: set.draw(TRAINING_ROWS, { stream: (...path) => random.stream('toy', ...path) }),
    shape: [TRAINING_ROWS, 2],
  };
  const chosen = Uint32Array.from({ length: TRAINING_ROWS }, (_, row) => row);
  const options = fitOptions(executor, config, schema, seed);
  const { transform, critics } = await fitCritics(options, 'final', { matrix, chosen }, ({ role }) => role === 'own');
  const critic = critics[0]!;
  const graph = generatorGraph(schema, transform, critic)!;
  const { latent } = critic.plan.generator!;
  const z = new Float32Array(JUDGED_ROWS * latent);
  random.stream('toy', 'latent').fillNormal(z, 0);
  const session = await executor.compile(graph);
  const results = await session.run({ [LATENT_INPUT]: { data: z, shape: [JUDGED_ROWS, latent] } });
  await session.close();
  const rows = results[GENERATED_OUTPUT]!.data;
  return { rows, rollbacks: critic.progress.rollbacks.length, seconds: clock() };
}
