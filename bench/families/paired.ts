import { spreadOf } from '../quality/summary.ts';

/** The mean of differences between two treatments of the same cases, and its 95 % interval by Student's t. */
export interface PairedDifference {
  readonly pairs: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** 97.5 % quantiles of Student's t with 1, 2, ... degrees of freedom: scipy.stats.t.ppf(0.975, n). */
const T_QUANTILES = [
  ...[12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281],
  ...[2.201, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093],
];

/** `after[i] - before[i]`. Throws unless there are 2 to 20 pairs. */
export function pairedDifference(before: readonly number[], after: readonly number[]): PairedDifference {
  const pairs = before.length;
  const quantile = T_QUANTILES[pairs - 2];
  if (after.length !== pairs || quantile === undefined) {
    throw new Error(`there are ${pairs} and ${after.length} cases: give 2 to ${T_QUANTILES.length + 1} of each`);
  }
  const { mean, deviation } = spreadOf(after.map((value, index) => value - before[index]!));
  const reach = (quantile * deviation) / Math.sqrt(pairs);
  return { pairs, mean, low: mean - reach, high: mean + reach };
}
