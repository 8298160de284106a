import type { Executor, NumberArray } from '../../runtime/executor.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { HeldOutScore } from '../fit/fit-model.ts';
import { packRows } from '../fit/rows.ts';
import { toThreshold } from '../report/thresholds.ts';
import type { Origin } from './origin.ts';

/** An old and a new model on the same held-out rows, which neither was trained on. There are no labels: these are normal rows. */
export interface ModelComparison {
  readonly old: { readonly name: string; readonly version: string; readonly createdAt: string };
  /** Held-out rows of the newer data. */
  readonly rows: number;
  /** Spearman's correlation of old and new scores. */
  readonly rankCorrelation: number;
  /**
   * Largest distance between the distributions of the old model's scores, calibration against these rows (Kolmogorov and Smirnov).
   * Absent where the old model is calibrated by groups: of rare ones more rows are held out than there are, a share that changes
   * with the number of rows, so that the distributions differ though the rows do not.
   */
  readonly distance?: number;
  /** Distance that one comparison in twenty exceeds where the rows are as normal as those of the old calibration. */
  readonly distanceByChance: number;
  readonly rates: readonly ComparedRate[];
  readonly quantiles: readonly ComparedQuantile[];
}

/** False alarms at a rate that was asked for. */
export interface ComparedRate {
  readonly rate: number;
  /** Share of these rows above the old model's threshold; undefined where its calibration cannot promise the rate. */
  readonly old: number | undefined;
  /** Share of one half of these rows above the new model's threshold from the other half, both ways. */
  readonly new: number | undefined;
}

export interface ComparedQuantile {
  readonly share: number;
  readonly oldCalibration: number;
  /** Of the old model's scores of these rows. */
  readonly oldNow: number;
  readonly newNow: number;
}

const RATES = [0.1, 0.05, 0.01, 0.001];
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];
const ROWS_PER_CALL = 4096;

/** `heldOut`: the new model's scores of rows of `table` that calibrate it. */
export async function compareModels(
  executor: Executor,
  { manifest, critic }: Origin,
  heldOut: readonly HeldOutScore[],
  table: NumberArray,
): Promise<ModelComparison> {
  const rows = Uint32Array.from(heldOut, ({ row }) => row);
  const oldScores = await scoreRows(executor, critic, table, rows);
  const newScores = Float32Array.from(heldOut, ({ score }) => score);
  const { name, version, createdAt, calibration } = manifest;
  const oldCalibration = calibration.scores;
  const [oldNow, newNow] = [ascending(oldScores), ascending(newScores)];
  const [n, m] = [oldCalibration.length, rows.length];
  return {
    old: { name, version, createdAt },
    rows: rows.length,
    rankCorrelation: correlation(ranks(oldScores), ranks(newScores)),
    ...(calibration.groups === undefined && { distance: largestDistance(oldCalibration, oldNow) }),
    distanceByChance: 1.358 * Math.sqrt((n + m) / (n * m)),
    rates: [...new Set([...RATES, calibration.falsePositiveRate])]
      .sort((a, b) => b - a)
      .map((rate) => ({
        rate,
        old: shareAbove(oldNow, toThreshold(oldCalibration, rate).threshold),
        new: crossedRate(newScores, rows, rate),
      })),
    quantiles: QUANTILES.map((share) => ({
      share,
      oldCalibration: quantile(oldCalibration, share),
      oldNow: quantile(oldNow, share),
      newNow: quantile(newNow, share),
    })),
  };
}

async function scoreRows(
  executor: Executor,
  critic: Uint8Array,
  matrix: NumberArray,
  chosen: Uint32Array,
): Promise<Float32Array> {
  const scores = new Float32Array(chosen.length);
  const session = await executor.load(critic);
  try {
    for (let from = 0; from < chosen.length; from += ROWS_PER_CALL) {
      const rows = packRows({ matrix, chosen }, from, Math.min(chosen.length, from + ROWS_PER_CALL));
      scores.set((await session.run({ [ROWS_INPUT]: rows }))[SCORES_OUTPUT]!.data, from);
    }
  } finally {
    await session.close();
  }
  return scores;
}

/** A model's own calibration rows keep its rate by construction; rows of the other half do not. */
function crossedRate(scores: Float32Array, rows: Uint32Array, rate: number): number | undefined {
  const halves = [0, 1].map((half) => ascending(scores.filter((_, index) => rows[index]! % 2 === half)));
  const [even, odd] = [halves[0]!, halves[1]!];
  const thresholds = [toThreshold([...odd], rate).threshold, toThreshold([...even], rate).threshold];
  const shares = [shareAbove(even, thresholds[0]), shareAbove(odd, thresholds[1])];
  if (shares[0] === undefined || shares[1] === undefined) return undefined;
  return (shares[0] * even.length + shares[1] * odd.length) / scores.length;
}

const ascending = (scores: Float32Array): Float32Array => scores.slice().sort();

function shareAbove(scores: Float32Array, threshold: number | undefined): number | undefined {
  if (threshold === undefined) return undefined;
  const limit = Math.fround(threshold);
  return scores.filter((score) => score > limit).length / scores.length;
}

/** The order statistic at a share: no interpolation, so that it is a score that was given. */
function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Ranks from 0, equal scores sharing their mean rank. */
export function ranks(scores: Float32Array): Float64Array {
  const order = Uint32Array.from(scores, (_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  const ranked = new Float64Array(scores.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++;
    for (let at = from; at < to; at++) ranked[order[at]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranked;
}

/** Pearson's correlation; 0 where one side does not vary. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, onlyA, onlyB] = [0, 0, 0];
  a.forEach((value, index) => {
    const [x, y] = [value - meanA, b[index]! - meanB];
    both += x * y;
    onlyA += x * x;
    onlyB += y * y;
  });
  return onlyA > 0 && onlyB > 0 ? both / Math.sqrt(onlyA * onlyB) : 0;
}

/** Largest distance between two empirical distribution functions; both ascend. */
export function largestDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}
