import { meanOf } from '../quality/summary.ts';
import { pairedInterval, type Interval } from './intervals.ts';
import type { Figure } from './measure-splits.ts';
import type { Method } from './methods.ts';

/** Which figures: of one task, judge and number of own rows, over one target or the mean of all. */
export interface Cell {
  readonly task: Figure['task'];
  readonly judge: string;
  readonly count: number;
  /** All when absent. */
  readonly target?: string;
}

/** AUROC split by split, each the mean over the targets; in the order of the splits. */
export function bySplit(figures: readonly Figure[], cell: Cell, method: Method): number[] {
  const chosen = figures.filter(
    (figure) =>
      figure.method === method &&
      figure.task === cell.task &&
      figure.judge === cell.judge &&
      figure.count === cell.count &&
      (cell.target === undefined || figure.target === cell.target),
  );
  const splits = [...new Set(chosen.map(({ split }) => split))].sort((a, b) => a - b);
  return splits.map((split) => meanOf(chosen.filter((figure) => figure.split === split).map(({ auroc }) => auroc)));
}

/** How much better a method is than another one in the same splits. */
export function gain(
  figures: readonly Figure[],
  cell: Cell,
  methods: readonly [ours: Method, theirs: Method],
): Interval {
  const [ours, theirs] = methods.map((method) => bySplit(figures, cell, method));
  return pairedInterval(ours!, theirs!);
}

/** "+0.041 ± 0.016" */
export function showInterval({ mean, half }: Interval): string {
  return `${signed(mean)} ± ${Number.isNaN(half) ? '?' : half.toFixed(3)}`;
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;
}
