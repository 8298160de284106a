import { add, clip, concat, gatherRows, mean, multiply, rows, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { layoutOf, expandCompact } from '../features/compact.ts';
import { forgetConditions, freeColumns } from '../features/conditions.ts';
import type { Transform } from '../features/transform.ts';
import { createFourierFeatures, type FourierOptions } from '../layers/fourier.ts';
import { createMlp } from '../layers/mlp.ts';
import { between, OBJECTIVES, PENALTIES, squaredGradientNorm } from '../losses.ts';
import { offSupportNegatives, type NegativeOptions } from '../negatives.ts';
import { updateParameters, type OptimiserOptions } from '../optimisers/optimiser.ts';
import { SCHEDULES } from '../optimisers/schedules.ts';
import { createStepBuilder } from '../step-builder.ts';
import type { Random } from '../../base/philox.ts';
import { TRAINING_ROWS, type CriticPlan } from './critic-plan.ts';

export interface DetectingCriticOptions {
  readonly name: string;
  readonly title: string;
  /** What a person can do where training diverges for good. */
  readonly remedy?: string;
  readonly objective: keyof typeof OBJECTIVES;
  /** What holds the critic: a gradient penalty at a weight, or a bound on every weight (Arjovsky 2017, algorithm 1). */
  readonly hold: { readonly penalty: keyof typeof PENALTIES; readonly lambda: number } | { readonly clip: number };
  readonly negatives: NegativeOptions;
  readonly fourier: Pick<FourierOptions, 'count' | 'span'>;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly slope: number;
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly optimiser: Omit<OptimiserOptions, 'learningRate'>;
  readonly weight: number;
}

/** What a critic must know of the training rows. */
export interface TrainingRows {
  readonly count: number;
  readonly transform: Transform;
  /** Median distance from a row to the nearest other one, in expanded space. */
  readonly scale: number;
}

/**
 * A critic that tells normal rows from off-support negatives, each negative a moved copy of the row beside it:
 *
 *   x = rows of the data, y = moved copies, xi = x + e (y - x), e ~ U(0, 1)
 *   loss = objective(high: f(y), low: f(x)) + lambda penalty(|d f / d phi| at phi(xi)), phi = Fourier features
 *
 * critic-recipe.md section 2. The penalty is taken on pairs and with respect to phi: it is not Gulrajani's. Trained with
 * high = anomalous.
 *
 * Conditions are the same in x, y and xi. The penalty leaves their own columns out: nothing is transported from one condition
 * to another, so that the critic may differ between two of them as much as the data do. In the Fourier features conditions
 * and other columns are one, and all of these stay in.
 */
export function planDetectingCritic(options: DetectingCriticOptions, data: TrainingRows, random: Random): CriticPlan {
  const { name, batch } = options;
  const layout = layoutOf(data.transform);
  const features = layout.expandedWidth;
  const phi = createFourierFeatures(
    { ...options.fourier, features, scale: data.scale },
    random.stream(name, 'fourier'),
  );
  const widths = [features + options.fourier.count, ...options.hidden, 1];
  const network = createMlp({ name, widths, slope: options.slope });
  const embed = (compact: Tensor): Tensor => phi(expandCompact(compact, data.transform));

  const step = createStepBuilder();
  const table = step.shared(TRAINING_ROWS, [data.count, layout.compactWidth]);
  const draw = (of: string): Tensor => gatherRows(table, step.integers(of, [batch], data.count));
  const x = forgetConditions(step, 'rows', draw('rowIndices'), data.transform);
  const y = offSupportNegatives(step, x, draw('otherIndices'), layout, options.negatives);
  const f = network.apply(embed(concat([x, y], 0)), step.parameters); // [2 batch, 1]
  const [fx, fy] = [rows(f, 0, batch), rows(f, batch, 2 * batch)];

  const slopeBetween = (): Tensor => {
    const expanded = (compact: Tensor): Tensor => expandCompact(compact, data.transform);
    const phiXi = phi(between(expanded(x), expanded(y), step.uniform('mix', [batch, 1])));
    const free = freeColumns(data.transform, options.fourier.count);
    return squaredGradientNorm(network.apply(phiXi, step.parameters), phiXi, free); // [batch]
  };
  const { hold } = options;
  const held = 'clip' in hold ? null : { penalty: PENALTIES[hold.penalty](slopeBetween()), lambda: hold.lambda };
  const objective = OBJECTIVES[options.objective](fy, fx);
  const loss = held ? add(objective, multiply(held.penalty, held.lambda)) : objective;
  step.report('criticLoss', loss);
  if (held) step.report('penalty', held.penalty);
  step.report('wassersteinEstimate', subtract(mean(fy), mean(fx)));
  updateParameters(
    step,
    { ...options.optimiser, learningRate: SCHEDULES['half-then-linear'](options.learningRate, options.steps) },
    {
      ...{ name: 'update', loss, parameters: network.parameters, update: (at) => at },
      constrain: 'clip' in hold ? (value) => clip(value, -hold.clip, hold.clip) : null,
    },
  );
  return {
    task: step.finish({
      name,
      title: options.title,
      steps: options.steps,
      updatesPerStep: 1,
      ...(options.remedy !== undefined && { remedy: options.remedy }),
    }),
    role: 'member',
    high: 'anomalous',
    weight: options.weight,
    score: (rowsIn, values) => network.apply(phi(rowsIn), values),
  };
}
