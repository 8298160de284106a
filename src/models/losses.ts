import { gradients } from '../graph/gradients.ts';
import { add, mean, multiply, negate, softplus, sqrt, square, subtract, sum } from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';

/**
 * What a critic minimises, from its outputs on the rows that should score high and on those that should score low,
 * [n, 1] each. A paper's critic wants data high; a detecting critic wants negatives high.
 */
export type CriticObjective = (high: Tensor, low: Tensor) => Tensor;

/** The Wasserstein estimate, negated: mean f(low) - mean f(high). Arjovsky 2017, equation 2; Gulrajani 2017, equation 3. */
export const wassersteinLoss: CriticObjective = (high, low) => subtract(mean(low), mean(high));

/** mean softplus(f(low)) + mean softplus(-f(high)). Goodfellow 2014, equation 1, by logits. */
export const logisticLoss: CriticObjective = (high, low) => add(mean(softplus(low)), mean(softplus(negate(high))));

export const OBJECTIVES = { wasserstein: wassersteinLoss, logistic: logisticLoss } as const;

/** What a critic's slope at a point costs, from the norm's square [n] at each point. */
export type GradientPenalty = (squaredNorm: Tensor) => Tensor;

/** Keeps the root differentiable where the gradient is zero. */
const NORM_FLOOR = 1e-12;

/** mean (|g| - 1)^2: Gulrajani 2017, equation 3. */
export const twoSidedPenalty: GradientPenalty = (squaredNorm) =>
  mean(square(subtract(sqrt(add(squaredNorm, NORM_FLOOR)), 1)));

/** mean |g|^2: zero-centred, as R1 and R2 have it (Mescheder 2018, equation 9), at points of one's choice. */
export const zeroCentredPenalty: GradientPenalty = (squaredNorm) => mean(squaredNorm);

export const PENALTIES = { 'two-sided': twoSidedPenalty, 'zero-centred': zeroCentredPenalty } as const;

/** |d f / d x|^2 at each row of x [.., n, d]; f [.., n, 1] must not mix rows. `free` [1, d]: 0 for columns that are left out. */
export function squaredGradientNorm(f: Tensor, x: Tensor, free: Tensor | null = null): Tensor {
  const [g] = gradients(f, [x]);
  return sum(square(free ? multiply(g!, free) : g!), [x.shape.length - 1]); // [.., n]
}

/** a + t (b - a), with t [n, 1]: points on the segments between two sets of rows. */
export function between(a: Tensor, b: Tensor, t: Tensor): Tensor {
  return add(a, multiply(t, subtract(b, a)));
}
