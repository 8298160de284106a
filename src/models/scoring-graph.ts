import { createGraph, type Graph } from '../graph/graph.ts';
import { add, constant, input, multiply, reshape, subtract } from '../graph/operations.ts';
import { BATCH } from '../graph/shape.ts';
import { simplify } from '../graph/simplify.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { CriticPlan } from './critics/critic-plan.ts';
import { expandCompact, toCompact } from './features/compact.ts';
import type { Transform } from './features/transform.ts';
import type { ParameterValues } from './layers/parameters.ts';

/** A critic with its learnt values, and the mean and deviation of its score over training rows. */
export interface TrainedCritic {
  readonly plan: CriticPlan;
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly mean: number;
  readonly deviation: number;
}

/** Names in critic.onnx: raw rows [N, rowWidth] in, scores [N] out. */
export const ROWS_INPUT = 'rows';
export const SCORES_OUTPUT = 'scores';

/**
 * What critic.onnx computes: pre-processing, then the weighted sum of the critics' standardised scores. Higher is more
 * anomalous: the one place where a critic that is high on normal rows is negated.
 */
export function scoringGraph(rowWidth: number, transform: Transform, critics: readonly TrainedCritic[]): Graph {
  const rows = input(ROWS_INPUT, [BATCH, rowWidth]);
  const score = scoreCompact(toCompact(rows, transform), transform, critics);
  return simplify(createGraph('critic', [rows], { [SCORES_OUTPUT]: reshape(score, [BATCH]) }));
}

/** Compact rows [n, compactWidth] -> the weighted sum of the critics' standardised scores, [n, 1]. */
export function scoreCompact(compact: Tensor, transform: Transform, critics: readonly TrainedCritic[]): Tensor {
  const x = expandCompact(compact, transform);
  const scores = critics.map((critic) => {
    const { mean, deviation, plan } = critic;
    return multiply(subtract(rawScore(critic, x), mean), plan.weight / deviation);
  });
  return scores.reduce(add);
}

/** One critic's score of compact rows, not yet standardised: [n, compactWidth] -> [n]. */
export function criticGraph(
  compactWidth: number,
  transform: Transform,
  critic: Omit<TrainedCritic, 'mean' | 'deviation'>,
): Graph {
  const compact = input('compact', [BATCH, compactWidth]);
  const score = reshape(rawScore(critic, expandCompact(compact, transform)), [BATCH]);
  return simplify(createGraph('one-critic', [compact], { [SCORES_OUTPUT]: score }));
}

/** Raw rows -> compact rows: pre-processing as the critic sees it, for making the training table. */
export function compactGraph(rowWidth: number, transform: Transform): Graph {
  const rows = input(ROWS_INPUT, [BATCH, rowWidth]);
  return simplify(createGraph('compact', [rows], { compact: toCompact(rows, transform) }));
}

/** High = anomalous, whatever the paper has. */
const ORIENTATION = { normal: -1, anomalous: 1 } as const;

function rawScore({ plan, weights }: Omit<TrainedCritic, 'mean' | 'deviation'>, x: Tensor): Tensor {
  return multiply(plan.score(x, constants(weights)), ORIENTATION[plan.high]);
}

/** Learnt values as constants of a graph. */
export function constants(weights: Readonly<Record<string, Float32Array>>): ParameterValues {
  return ({ name, shape }) => constant(weights[name] ?? [], shape);
}
