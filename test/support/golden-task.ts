import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { planAdversarialCritic, type AdversarialCriticOptions } from '../../src/models/critics/adversarial-critic.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import type { Golden } from './golden.ts';

/**
 * The WGAN-GP of the golden file as the family builds it, or another game between its networks; its variables are named
 * `golden.critic.0.weight`, and so on.
 */
export function goldenTask(
  { features, latent, hidden, batch, rows, steps, ...golden }: Golden,
  others: Partial<AdversarialCriticOptions> = {},
): TrainingTask {
  const numbers = Array.from({ length: features }, (_, slot) => ({
    ...{ name: `x${slot}`, slot, unit: slot },
    ...{ signedLog: false, integer: false, imputed: 0, smallest: -9, largest: 9 },
    ...{ mean: 0, deviation: 1, centre: 0 },
  }));
  const transform = { numbers, fixed: [], cycles: [], levels: [], clip: 20 };
  const { lambda, slope, criticSteps } = golden;
  return planAdversarialCritic(
    {
      ...{ name: 'golden', title: 'golden', latent, hidden, batch, slope, criticSteps, steps: steps * criticSteps },
      objective: 'wasserstein',
      regulariser: { kind: 'gradient-penalty', weight: lambda, interval: 1 },
      optimiser: { kind: 'adam', beta1: 0, beta2: 0.9, epsilon: 1e-8 },
      ...{ learningRate: 1e-4, schedule: 'constant', generatorAverage: 0 },
      ...others,
    },
    { count: rows, transform, scale: 1 },
  ).task;
}

/** The state at the start, the rows, and what the golden file drew for each step; a second generator's turn takes `latent.4`. */
export function goldenFeeds(golden: Golden, task: TrainingTask = goldenTask(golden)): NamedArrays {
  const state = task.initial.map(({ name, shape }): [string, NumberArray] => {
    const size = shape.reduce((product, length) => product * length, 1);
    const weights = golden.initial[name.replace('golden.', '')];
    return [name, { shape, data: weights ? Float32Array.from(weights) : new Float32Array(size) }];
  });
  const drawn = task.draws.map((draw): [string, NumberArray] => {
    const { name } = draw.input.attributes;
    const shape = [golden.steps, ...(draw.input.shape as number[])];
    const steps = Array.from({ length: golden.steps }, (_, step) => step);
    const numbers =
      draw.kind === 'schedule' ? steps.map(draw.value) : (golden.noise[name.replace('generator.1', '4')] ?? []);
    return [name, { shape, data: Float32Array.from(numbers) }];
  });
  const table = { shape: [golden.rows, golden.features], data: Float32Array.from(golden.table) };
  return { ...Object.fromEntries([...state, ...drawn]), [TRAINING_ROWS]: table };
}
