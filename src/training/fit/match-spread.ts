import { sortedFinite } from '../../models/features/sorted-finite.ts';
import type { Piece, RisingMap } from '../../models/marginals.ts';

/** Logits of one column's levels: rows of `data` are `stride` wide, and the levels are its columns from `start`. */
export interface Logits {
  readonly data: Float32Array;
  readonly stride: number;
  readonly start: number;
  readonly count: number;
}

export interface Offsets {
  /** Of each level. */
  readonly offsets: Float32Array;
  /** Of a level in each row, with the offsets. */
  readonly probabilities: (level: number) => Float64Array;
}

/** Each round is one of iterative proportional fitting; after these the shares are right to four digits. */
const ROUNDS = 20;

/**
 * The offset of each level's logit that makes its mean probability the wanted share; levels with share 0 are never drawn and
 * keep offset 0.
 */
export function fitOffsets({ data, stride, start, count }: Logits, shares: readonly number[]): Offsets {
  const rows = data.length / stride;
  const offsets = new Float64Array(count);
  const table = new Float64Array(rows * count);
  const softmaxRows = (): void => {
    for (let row = 0; row < rows; row++) {
      const logit = (level: number): number => data[row * stride + start + level]! + offsets[level]!;
      let [largest, total] = [-Infinity, 0];
      for (let level = 0; level < count; level++) if (shares[level]! > 0) largest = Math.max(largest, logit(level));
      for (let level = 0; level < count; level++) {
        const weight = shares[level]! > 0 ? Math.exp(logit(level) - largest) : 0;
        table[row * count + level] = weight;
        total += weight;
      }
      for (let level = 0; level < count; level++) table[row * count + level]! /= total;
    }
  };
  const probabilities = (level: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => table[row * count + level]!);
  for (let round = 0; round < ROUNDS; round++) {
    softmaxRows();
    shares.forEach((share, level) => {
      if (share === 0) return;
      const mean = probabilities(level).reduce((sum, each) => sum + each, 0) / rows;
      offsets[level]! += Math.log(share / Math.max(mean, LEAST_SHARE));
    });
  }
  softmaxRows();
  return { offsets: Float32Array.from(offsets), probabilities };
}

/** Keeps one round from moving an offset without bound. */
const LEAST_SHARE = 1e-9;

/** Generated values of a number, and how much each row counts: the probability that it is not missing; absent for 1. */
export interface MadeValues {
  readonly values: Float32Array;
  readonly weights?: Float64Array | undefined;
}

/** A number with at most so many different training values takes these only. */
const MOST_VALUES = 128;
/** Else the training values are cut at so many equal shares, and around each value that has more than such a share. */
const SHARES = 100;
/** And at these shares of both ends. */
const TAILS = [0.0005, 0.001, 0.002, 0.005] as const;
/** A narrower piece is a step. */
const LEAST_WIDTH = 1e-6;

/** The rising map that gives generated values the spread of the training values; NaN and infinities count in neither. */
export function fitMap({ values, weights }: MadeValues, training: Float32Array): RisingMap {
  const wanted = sortedFinite(training);
  const cuts = cutShares(wanted);
  const made = weightedQuantiles(values, weights, cuts);
  const pieces = cuts.slice(1).map((to, index): Piece => {
    const from = cuts[index]!;
    const value = wanted[Math.floor(from * wanted.length + ROUNDING)] ?? 0;
    const end = wanted[Math.ceil(to * wanted.length - ROUNDING) - 1] ?? value;
    const start = made[index]!;
    return { value, rise: end - value, start, width: Math.max(made[index + 1]! - start, LEAST_WIDTH) };
  });
  return { thresholds: made.slice(1, -1), pieces };
}

/** A share times a count is a whole number but for rounding. */
const ROUNDING = 1e-6;

/** Ascending shares from 0 to 1. */
function cutShares(sorted: Float32Array): number[] {
  const count = sorted.length;
  if (count === 0) return [0, 1];
  const edges: number[] = [];
  const atoms: number[] = [];
  for (let start = 0; start < count;) {
    let end = start + 1;
    while (end < count && sorted[end] === sorted[start]) end++;
    edges.push(end / count);
    if (end - start > count / SHARES) atoms.push(start / count, end / count);
    start = end;
  }
  const even = Array.from({ length: SHARES + 1 }, (_, index) => Math.round((index / SHARES) * count) / count);
  const tails = TAILS.flatMap((tail) => [Math.round(tail * count) / count, 1 - Math.round(tail * count) / count]);
  const chosen = edges.length <= MOST_VALUES ? edges : [...even, ...tails, ...atoms];
  const rounded = [0, ...chosen, 1].map((share) => Math.round(share * count) / Math.max(1, count));
  return [...new Set(rounded)].sort((a, b) => a - b);
}

function weightedQuantiles(
  values: Float32Array,
  weights: Float64Array | undefined,
  shares: readonly number[],
): number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const weightOf = (row: number): number => weights?.[row] ?? 1;
  const total = order.reduce((sum, row) => sum + weightOf(row), 0);
  let [at, below] = [0, 0];
  return shares.map((share) => {
    while (at < order.length - 1 && below + weightOf(order[at]!) <= share * total) below += weightOf(order[at++]!);
    return values[order[at]!]!;
  });
}
