import type { Column } from './columns.ts';

/**
 * How strongly each pair of columns goes together: [n, n], symmetric. Numbers with numbers: Spearman's correlation, in
 * [-1, 1]; categories with categories: Cramer's V; a category with a number: the correlation ratio of the number's ranks, both
 * in [0, 1]. Rows where either is missing are left out of their pair; a pair that does not vary has 0.
 */
export function associations(columns: readonly Column[]): number[][] {
  const matrix = columns.map(() => new Array<number>(columns.length).fill(1));
  columns.forEach((a, i) => {
    for (let j = i + 1; j < columns.length; j++) matrix[i]![j] = matrix[j]![i] = association(a, columns[j]!);
  });
  return matrix;
}

/** Mean size of the difference of two association matrices over all pairs of different columns. */
export function associationDistance(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  let [total, pairs] = [0, 0];
  a.forEach((row, i) => {
    for (let j = i + 1; j < row.length; j++) {
      total += Math.abs(row[j]! - b[i]![j]!);
      pairs++;
    }
  });
  return pairs === 0 ? 0 : total / pairs;
}

function association(a: Column, b: Column): number {
  const present = rowsWithBoth(a, b);
  if (a.kind === 'number') {
    const ranks = ranksOf(present.map((row) => a.values[row]!));
    if (b.kind === 'number') return correlation(ranks, ranksOf(present.map((row) => b.values[row]!)));
    return correlationRatio(
      present.map((row) => b.values[row]!),
      ranks,
    );
  }
  const levels = present.map((row) => a.values[row]!);
  if (b.kind === 'number') return correlationRatio(levels, ranksOf(present.map((row) => b.values[row]!)));
  return cramersV(
    levels,
    present.map((row) => b.values[row]!),
  );
}

function rowsWithBoth(a: Column, b: Column): number[] {
  const isThere = ({ values }: Column, row: number): boolean => {
    const value = values[row];
    return value !== null && !Number.isNaN(value);
  };
  return Array.from({ length: a.values.length }, (_, row) => row).filter((row) => isThere(a, row) && isThere(b, row));
}

/** Ranks from 1; equal values share the middle of theirs. */
export function ranksOf(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

function correlation(x: Float64Array, y: Float64Array): number {
  const [mx, my] = [meanOf(x), meanOf(y)];
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((value, at) => {
    const [dx, dy] = [value - mx, y[at]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

/** Square root of the share of the numbers' variance that lies between the levels. */
function correlationRatio(levels: readonly (string | null)[], numbers: Float64Array): number {
  const mean = meanOf(numbers);
  const groups = new Map<string | null, { count: number; total: number }>();
  levels.forEach((level, at) => {
    const { count, total } = groups.get(level) ?? { count: 0, total: 0 };
    groups.set(level, { count: count + 1, total: total + numbers[at]! });
  });
  const all = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const between = [...groups.values()].reduce((sum, { count, total }) => sum + count * (total / count - mean) ** 2, 0);
  return all === 0 ? 0 : Math.sqrt(between / all);
}

/** Square root of chi squared over its largest possible value. */
function cramersV(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  const count = (values: readonly string[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };
  const [rows, columns] = [count(a.map(String)), count(b.map(String))];
  const both = count(a.map((level, at) => JSON.stringify([level, b[at]])));
  const least = Math.min(rows.size, columns.size) - 1;
  if (least < 1) return 0;
  let phi = -1;
  for (const [pair, cell] of both) {
    const [row, column] = JSON.parse(pair) as [string, string];
    phi += cell ** 2 / (rows.get(row)! * columns.get(column)!);
  }
  return Math.sqrt(Math.max(0, phi) / least);
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
