import type { PageModel } from './feed.ts';

/** Bins of the score axis, and how often normal rows fall into each, as the calibration says. */
export interface CalibrationShape {
  /** `bins + 1` edges, ascending. Scores outside fall into the first or last bin. */
  readonly edges: readonly number[];
  /** Share of held-out normal rows in each bin; they sum to 1. */
  readonly expected: readonly number[];
}

/** Points of the calibration's distribution that are asked for: so many spread evenly over the body, so many over the tail. */
const POINTS = 250;
const TAIL = 0.1;
/** The axis runs past the highest calibration scores by this part of their range, so that anomalies show as a heap of their own. */
const HEADROOM = 0.6;

/**
 * The calibration's distribution, read off the thresholds: at rate r a share r of the held-out normal rows scores higher
 * than `thresholdAt(r)`. So no scores need to be handed around, and a calibration of any size costs the same.
 */
export function readCalibration(model: PageModel, bins: number): CalibrationShape {
  const smallest = model.description.calibration.smallestFalsePositiveRate;
  const rates = toRates(Math.min(smallest, 0.9));
  const points = rates.map((rate) => ({ rate, score: model.thresholdAt(rate) }));
  const [low, high] = [points.at(-1)!.score, points[0]!.score];
  // The far tail would squeeze the body; the axis reaches to the 1 % point plus headroom at most thrice its distance.
  const body = (points.find((point) => point.rate >= 0.01) ?? points[0]!).score;
  const end = Math.min(high, low + 2 * (body - low)) + HEADROOM * Math.max(body - low, 1e-6);
  const edges = Array.from({ length: bins + 1 }, (_, index) => low + ((end - low) * index) / bins);
  const above = edges.map((edge, index) => (index === 0 ? 1 : index === bins ? 0 : shareAbove(points, edge)));
  return { edges, expected: above.slice(0, -1).map((share, bin) => Math.max(0, share - above[bin + 1]!)) };
}

/** Rates from the smallest to nearly 1, in geometric steps in the tail, where a bin holds little, and even ones above it. */
function toRates(smallest: number): number[] {
  const tail = Math.max(TAIL, smallest);
  const fine = Array.from({ length: POINTS }, (_, index) => smallest * (tail / smallest) ** (index / POINTS));
  const even = Array.from({ length: POINTS + 1 }, (_, index) => tail + (0.9999 - tail) * (index / POINTS));
  return [...fine, ...even];
}

/** Counts of scores by bin. */
export function countByBin(edges: readonly number[], scores: readonly number[]): number[] {
  const bins = edges.length - 1;
  const [low, high] = [edges[0]!, edges[bins]!];
  const counts = new Array<number>(bins).fill(0);
  for (const score of scores) {
    if (Number.isNaN(score)) continue;
    const bin = Math.floor(((score - low) / (high - low)) * bins);
    counts[Math.min(bins - 1, Math.max(0, bin))]! += 1;
  }
  return counts;
}

/** Linear between the points; scores fall as rates rise. */
function shareAbove(points: readonly { rate: number; score: number }[], score: number): number {
  const next = points.findIndex((point) => point.score <= score);
  if (next === -1) return 1;
  if (next === 0) return 0;
  const [above, below] = [points[next - 1]!, points[next]!];
  const part = above.score > below.score ? (above.score - score) / (above.score - below.score) : 0;
  return above.rate + part * (below.rate - above.rate);
}
