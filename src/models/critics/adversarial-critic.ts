import { concat, gatherRows } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { expandCompact, layoutOf } from '../features/compact.ts';
import {
  freeColumns,
  forgetConditions,
  joinConditions,
  takeConditions,
  withoutConditions,
} from '../features/conditions.ts';
import type { Transform } from '../features/transform.ts';
import { createMlp, type LayerOptions } from '../layers/mlp.ts';
import type { Network, ParameterValues } from '../layers/parameters.ts';
import {
  generatorTurn,
  turnsOf,
  writeGame,
  type GameRules,
  type Players,
  type Regularisation,
} from '../adversarial/game.ts';
import type { ObjectiveName } from '../adversarial/objectives.ts';
import type { OptimiserOptions } from '../optimisers/optimiser.ts';
import { SCHEDULES, type ScheduleName } from '../optimisers/schedules.ts';
import { averagedValues } from '../optimisers/weight-average.ts';
import { createStepBuilder, type StepBuilder } from '../step-builder.ts';
import { TRAINING_ROWS, type CriticPlan } from './critic-plan.ts';
import type { TrainingRows } from './detecting-critic.ts';
import { levelNoise, toGeneratedRows } from './generated-rows.ts';

export interface AdversarialCriticOptions {
  readonly name: string;
  readonly title: string;
  /** What a person can do where training diverges for good. */
  readonly remedy?: string;
  readonly objective: ObjectiveName;
  readonly regulariser: Regularisation;
  /** Updates of the critic for each update of the generator. */
  readonly criticSteps: number;
  /** Width of the generator's noise. */
  readonly latent: number;
  readonly hidden: readonly number[];
  readonly slope: number;
  /** What goes with the critic's dense layers; nothing when absent. */
  readonly criticLayers?: LayerOptions;
  readonly batch: number;
  /** Updates of the critic, at least: there are as many as whole steps of the program need. */
  readonly steps: number;
  /** Of critic and generator alike. */
  readonly optimiser: Omit<OptimiserOptions, 'learningRate'>;
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  /** Decay of the average of the generator's weights, by which it is exported; 0 for the weights themselves. */
  readonly generatorAverage: number;
}

interface Pair {
  readonly generator: Network;
  readonly table: Tensor;
  readonly rowCount: number;
  readonly transform: Transform;
  readonly options: Pick<AdversarialCriticOptions, 'batch' | 'latent'>;
}

/**
 * A critic and its generator on the rows of a table, by any objective and regulariser. The critic is high on normal rows. A
 * generated category is drawn by a Gumbel-softmax (generated-rows.ts), so that derivatives reach the generator.
 *
 * Conditions (Mirza and Osindero 2014, section 3.2): the generator takes those of a real row beside its noise and makes only the
 * other columns; the critic sees both. Penalties are taken with respect to the other columns: for each condition apart the
 * critic must be 1-Lipschitz, since rows are compared with generated rows of the same condition only.
 */
export function planAdversarialCritic(options: AdversarialCriticOptions, data: TrainingRows): CriticPlan {
  const { name, latent, hidden, slope } = options;
  const layout = layoutOf(data.transform);
  const features = layout.expandedWidth;
  const critic = createMlp({
    ...{ name: `${name}.critic`, widths: [features, ...hidden, 1], slope },
    ...(options.criticLayers && { layers: options.criticLayers }),
  });
  const made = layoutOf(withoutConditions(data.transform)).expandedWidth;
  const widths = [latent + features - made, ...hidden, made];
  const generator = createMlp({ name: `${name}.generator`, widths, slope });
  const step = createStepBuilder();
  const table = step.shared(TRAINING_ROWS, [data.count, layout.compactWidth]);
  const pair: Pair = { generator, table, rowCount: data.count, transform: data.transform, options };
  const turns = turnsOf(options);
  const steps = Math.ceil(options.steps / turns.critic);
  writeGame(step, playersOf(critic, pair), rulesOf(options, steps));
  const isAveraged = options.generatorAverage > 0;
  return {
    task: step.finish({
      name,
      title: options.title,
      steps,
      updatesPerStep: turns.critic,
      ...(options.remedy !== undefined && { remedy: options.remedy }),
    }),
    role: 'own',
    high: 'normal',
    weight: 1,
    score: (x, values) => critic.apply(x, values),
    generator: {
      latent,
      levelNoise: levelNoise(withoutConditions(data.transform)),
      outputs: (z, conditions, values) => toOutputs(pair, z, conditions, isAveraged ? averagedValues(values) : values),
      toRows: (outputs, noise, conditions) => toRows(data.transform, outputs, noise, conditions),
    },
  };
}

/** Schedules end with the last update that really takes place, after so many steps of the program. */
function rulesOf(options: AdversarialCriticOptions, steps: number): GameRules {
  const { objective, regulariser, criticSteps, generatorAverage, optimiser, learningRate, schedule } = options;
  const turns = turnsOf(options);
  const over = (updates: number): OptimiserOptions => {
    return { ...optimiser, learningRate: SCHEDULES[schedule](learningRate, updates) };
  };
  return {
    ...{ objective, regulariser, criticSteps, generatorAverage, order: 'alternating' },
    criticOptimiser: over(steps * turns.critic),
    generatorOptimiser: over(steps * turns.generator),
  };
}

function playersOf(critic: Network, pair: Pair): Players {
  const { transform, options, generator } = pair;
  const free = freeColumns(transform);
  return {
    ...{ critic, generator, free },
    real: (step, turn) => drawRows(step, pair, turn),
    fake: (step, turn, real) => {
      const given = free && takeConditions(real ?? drawRows(step, pair, turn), transform);
      return generate(step, pair, turn, given);
    },
    mixing: (step, turn) => step.uniform(`mix.${turn}`, [options.batch, 1]),
  };
}

/** The generator's own noise is `latent`. */
const latentName = (turn: string): string => (turn === generatorTurn(0) ? 'latent' : `latent.${turn}`);

/** Expanded rows of the data, [batch, expandedWidth]. */
function drawRows(step: StepBuilder, { table, rowCount, transform, options }: Pair, turn: string): Tensor {
  const indices = step.integers(`rowIndices.${turn}`, [options.batch], rowCount);
  return expandCompact(forgetConditions(step, turn, gatherRows(table, indices), transform), transform);
}

/** The generator's linear outputs [n, made], made being the columns that are no conditions. */
function toOutputs({ generator }: Pair, z: Tensor, conditions: Tensor | null, values: ParameterValues): Tensor {
  return generator.apply(conditions ? concat([z, conditions], 1) : z, values);
}

/** Outputs as expanded rows; their conditions are those given. */
function toRows(transform: Transform, outputs: Tensor, noise: Tensor, conditions: Tensor | null): Tensor {
  const made = toGeneratedRows(outputs, noise, withoutConditions(transform));
  return conditions ? joinConditions(made, conditions, transform) : made;
}

/** Generated expanded rows of a turn, with noise of its own. */
function generate(step: StepBuilder, pair: Pair, turn: string, conditions: Tensor | null): Tensor {
  const { batch, latent } = pair.options;
  const z = step.normal(latentName(turn), [batch, latent]);
  const width = levelNoise(withoutConditions(pair.transform));
  const noise = width === 0 ? z : step.normal(`levels.${turn}`, [batch, width]);
  return toRows(pair.transform, toOutputs(pair, z, conditions, step.parameters), noise, conditions);
}
