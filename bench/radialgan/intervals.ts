import { meanOf, spreadOf } from '../quality/summary.ts';

/** A mean over splits and half the width of its 95 % interval, by Student's t. */
export interface Interval {
  readonly mean: number;
  /** NaN for fewer than two splits. */
  readonly half: number;
}

/** Of differences within each split: what makes a split easy or hard cancels. */
export function pairedInterval(ours: readonly number[], theirs: readonly number[]): Interval {
  if (ours.length !== theirs.length) throw new Error(`${ours.length} splits beside ${theirs.length}`);
  return intervalOf(ours.map((value, split) => value - theirs[split]!));
}

export function intervalOf(values: readonly number[]): Interval {
  const count = values.length;
  if (count < 2) return { mean: meanOf(values), half: NaN };
  const { mean, deviation } = spreadOf(values);
  return { mean, half: (studentQuantile(0.95, count - 1) * deviation) / Math.sqrt(count) };
}

/** The t that |T| exceeds with probability 1 - level; `freedom`: whole, from 1 on. */
export function studentQuantile(level: number, freedom: number): number {
  let [low, high] = [0, 1];
  while (studentCentral(high, freedom) < level) high *= 2;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    [low, high] = studentCentral(middle, freedom) < level ? [middle, high] : [low, middle];
  }
  return high;
}

/** P(|T| < t): Abramowitz and Stegun 26.7.3 (odd degrees of freedom) and 26.7.4 (even ones). */
function studentCentral(t: number, freedom: number): number {
  const theta = Math.atan(t / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < freedom; k += 2) {
    term *= (cosine ** 2 * (k - 1)) / k;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}
