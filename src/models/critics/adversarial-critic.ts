import {
  add,
  columns,
  concat,
  detach,
  gatherRows,
  mean,
  multiply,
  negate,
  reshape,
  rows,
  softmax,
  subtract,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { expandCompact, groupNeighbours, INDICATOR_HEIGHT, layoutOf } from '../features/compact.ts';
import {
  freeColumns,
  forgetConditions,
  joinConditions,
  takeConditions,
  withoutConditions,
} from '../features/conditions.ts';
import type { Transform } from '../features/transform.ts';
import { createMlp } from '../layers/mlp.ts';
import type { Network, ParameterValues } from '../layers/parameters.ts';
import { between, OBJECTIVES, PENALTIES, squaredGradientNorm } from '../losses.ts';
import { adamUpdate, type AdamOptions } from '../optimisers/adam.ts';
import { createStepBuilder, type StepBuilder } from '../step-builder.ts';
import { TRAINING_ROWS, type CriticPlan } from './critic-plan.ts';
import type { TrainingRows } from './detecting-critic.ts';

export interface AdversarialCriticOptions {
  readonly name: string;
  readonly title: string;
  /** What a person can do where training diverges for good. */
  readonly remedy?: string;
  readonly penalty: keyof typeof PENALTIES;
  /** Weight of the gradient penalty. */
  readonly lambda: number;
  /** Updates of the critic for each update of the generator. */
  readonly criticSteps: number;
  /** Width of the generator's noise. */
  readonly latent: number;
  readonly hidden: readonly number[];
  readonly slope: number;
  readonly batch: number;
  /** Updates of the critic. */
  readonly steps: number;
  readonly adam: AdamOptions;
}

interface Pair {
  readonly critic: Network;
  readonly generator: Network;
  readonly table: Tensor;
  readonly rowCount: number;
  readonly transform: Transform;
  readonly options: AdversarialCriticOptions;
}

/**
 * A Wasserstein critic and its generator: Gulrajani 2017, algorithm 1. One step of the program is `criticSteps` updates
 * of the critic and one of the generator. The critic is high on normal rows. A generated category is a softmax over its
 * levels, so that derivatives reach the generator.
 *
 * Conditions (Mirza and Osindero 2014, section 3.2): the generator takes those of a real row beside its noise and makes only the
 * other columns; the critic sees both. The penalty is taken with respect to the other columns: for each condition apart the
 * critic must be 1-Lipschitz, since rows are compared with generated rows of the same condition only.
 */
export function planAdversarialCritic(options: AdversarialCriticOptions, data: TrainingRows): CriticPlan {
  const { name, latent, hidden, slope, criticSteps } = options;
  const layout = layoutOf(data.transform);
  const features = layout.expandedWidth;
  const critic = createMlp({ name: `${name}.critic`, widths: [features, ...hidden, 1], slope });
  const made = layoutOf(withoutConditions(data.transform)).expandedWidth;
  const widths = [latent + features - made, ...hidden, made];
  const generator = createMlp({ name: `${name}.generator`, widths, slope });
  const step = createStepBuilder();
  const table = step.shared(TRAINING_ROWS, [data.count, layout.compactWidth]);
  const pair: Pair = { critic, generator, table, rowCount: data.count, transform: data.transform, options };

  const losses = Array.from({ length: criticSteps }, (_, index) => updateCritic(step, pair, index));
  for (const report of ['criticLoss', 'penalty', 'wassersteinEstimate'] as const) {
    step.report(report, multiply(losses.map((each) => each[report]).reduce(add), 1 / criticSteps));
  }
  step.report('generatorLoss', updateGenerator(step, pair));
  return {
    task: step.finish({
      name,
      title: options.title,
      steps: Math.ceil(options.steps / criticSteps),
      updatesPerStep: criticSteps,
      ...(options.remedy !== undefined && { remedy: options.remedy }),
    }),
    role: 'own',
    high: 'normal',
    weight: 1,
    score: (x, values) => critic.apply(x, values),
    generator: { latent, generate: (z, conditions, values) => generate(pair, z, conditions, values) },
  };
}

interface CriticReports {
  readonly criticLoss: Tensor;
  readonly penalty: Tensor;
  readonly wassersteinEstimate: Tensor;
}

/** Lines 3 to 9 of the algorithm. */
function updateCritic(step: StepBuilder, pair: Pair, index: number): CriticReports {
  const { critic, transform } = pair;
  const { batch, latent, lambda, criticSteps, adam } = pair.options;
  const x = drawRows(step, pair, `${index}`);
  const z = step.normal(`latent.${index}`, [batch, latent]);
  const fake = detach(generate(pair, z, takeConditions(x, transform), step.parameters));
  const f = critic.apply(concat([x, fake], 0), step.parameters); // [2 batch, 1]
  const mixed = between(fake, x, step.uniform(`mix.${index}`, [batch, 1]));
  const slope = squaredGradientNorm(critic.apply(mixed, step.parameters), mixed, freeColumns(transform));
  const penalty = PENALTIES[pair.options.penalty](slope);
  const [fx, fFake] = [rows(f, 0, batch), rows(f, batch, 2 * batch)];
  const loss = add(OBJECTIVES.wasserstein(fx, fFake), multiply(penalty, lambda));
  const update = (at: number): number => at * criticSteps + index;
  adamUpdate(step, adam, { name: `criticAdam.${index}`, loss, parameters: critic.parameters, update });
  return { criticLoss: loss, penalty, wassersteinEstimate: subtract(mean(fx), mean(fFake)) };
}

/** Lines 10 and 11 of the algorithm. */
function updateGenerator(step: StepBuilder, pair: Pair): Tensor {
  const { critic, generator, transform, options } = pair;
  const z = step.normal('latent', [options.batch, options.latent]);
  const isConditional = freeColumns(transform) !== null;
  const conditions = isConditional ? takeConditions(drawRows(step, pair, 'generator'), transform) : null;
  const fake = generate(pair, z, conditions, step.parameters);
  const loss = negate(mean(critic.apply(fake, step.parameters)));
  adamUpdate(step, options.adam, { name: 'generatorAdam', loss, parameters: generator.parameters, update: (at) => at });
  return loss;
}

/** Expanded rows of the data, [batch, expandedWidth]. */
function drawRows(step: StepBuilder, { table, rowCount, transform, options }: Pair, name: string): Tensor {
  const indices = step.integers(`rowIndices.${name}`, [options.batch], rowCount);
  return expandCompact(forgetConditions(step, name, gatherRows(table, indices), transform), transform);
}

/** Generated expanded rows; their conditions are those given. */
function generate(
  { generator, transform }: Pair,
  z: Tensor,
  conditions: Tensor | null,
  values: ParameterValues,
): Tensor {
  if (!conditions) return toRows(generator.apply(z, values), transform);
  const outputs = generator.apply(concat([z, conditions], 1), values);
  return joinConditions(toRows(outputs, withoutConditions(transform)), conditions, transform);
}

/** The generator's linear outputs as expanded rows: numbers and angles as they are, a softmax over each column's levels. */
function toRows(outputs: Tensor, { numbers, cycles, levels }: Transform): Tensor {
  const continuous = numbers.length + 2 * cycles.length;
  const parts = continuous > 0 ? [columns(outputs, 0, continuous)] : [];
  let start = continuous;
  for (const group of groupNeighbours(levels, ({ count }) => count)) {
    const [size, count] = [group.length, group[0]!.count];
    const end = start + size * count;
    const [n = 0] = outputs.shape;
    const logits = reshape(columns(outputs, start, end), [n, size, count]);
    parts.push(multiply(reshape(softmax(logits, 2), [n, size * count]), INDICATOR_HEIGHT));
    start = end;
  }
  return concat(parts, 1);
}
