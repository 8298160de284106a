import type { Column } from './columns.ts';
import { rowCount } from './columns.ts';

export interface Nearness {
  /** Median distance to the nearest training row. */
  readonly median: number;
  /** Share of the rows that are nearer to a training row than the closest twentieth of held-out rows is; 0.05 for rows like these. */
  readonly closer: number;
  /** Share of the rows that are a training row again, value by value. */
  readonly copies: number;
}

/** Quantile of the held-out rows' distances below which a row counts as close. */
const CLOSE_SHARE = 0.05;

/** Distances of rows to training rows, beside those of rows of the same source that were held out. */
export function nearness(rows: readonly Column[], heldOut: readonly Column[], training: readonly Column[]): Nearness {
  const measured = nearestDistances(rows, training);
  const bound = quantile(nearestDistances(heldOut, training), CLOSE_SHARE);
  const share = (holds: (distance: number) => boolean): number =>
    measured.reduce((sum, distance) => sum + (holds(distance) ? 1 : 0), 0) / measured.length;
  return {
    median: quantile(measured, 0.5),
    // Where many held-out rows are copies themselves, no row can be nearer than they are.
    closer: share((distance) => distance < bound),
    copies: share((distance) => distance === 0),
  };
}

/**
 * Distance of each row to its nearest training row, by Gower (1971): the mean over the columns of 0 or 1 for levels, and of
 * the difference over the training rows' range for numbers; missing is 0 from missing and 1 from anything else.
 */
export function nearestDistances(rows: readonly Column[], training: readonly Column[]): Float64Array {
  const best = new Float64Array(rowCount(rows)).fill(Infinity);
  const [width, count] = [training.length, rowCount(training)];
  const [a, b] = [encode(rows, training), encode(training, training)];
  for (let row = 0; row < best.length; row++) {
    for (let other = 0; other < count; other++) {
      const limit = best[row]! * width;
      let total = 0;
      for (let column = 0; column < width && total < limit; column++) {
        total += gap(a.values[column]![row]!, b.values[column]![other]!, a.isLevel[column]!);
      }
      if (total < limit) best[row] = total / width;
    }
  }
  return best;
}

function gap(x: number, y: number, isLevel: boolean): number {
  if (x === y) return 0;
  const isMissing = Number.isNaN(x);
  if (isMissing || Number.isNaN(y)) return isMissing && Number.isNaN(y) ? 0 : 1;
  return isLevel ? 1 : Math.min(1, Math.abs(x - y));
}

/** Numbers in units of the training rows' range; levels numbered by the training rows, others as themselves one number more. */
function encode(columns: readonly Column[], training: readonly Column[]) {
  const values = columns.map((column, at) => {
    const known = training[at]!;
    if (column.kind === 'number' && known.kind === 'number') {
      const present = known.values.filter((value) => !Number.isNaN(value));
      const [low, high] = present.reduce(([l, h], v) => [Math.min(l, v), Math.max(h, v)], [Infinity, -Infinity]);
      const range = high > low ? high - low : 1;
      return column.values.map((value) => value / range);
    }
    const levels = [...new Set<string | null>(known.values as readonly (string | null)[])];
    return Float64Array.from(column.values as readonly (string | null)[], (value) =>
      value === null ? NaN : levels.includes(value) ? levels.indexOf(value) : levels.length,
    );
  });
  return { values, isLevel: columns.map(({ kind }) => kind === 'category') };
}

/** Linear between neighbours. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? NaN;
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at % 1);
}
