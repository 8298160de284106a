import type { Column } from './columns.ts';

/**
 * How far two samples of a column are apart, in [0, 1]; 0 where they are spread alike. Numbers: the largest distance of their
 * distribution functions (Kolmogorov and Smirnov), a missing value counting as smaller than all others. Categories: the total
 * variation, missing being a level. Both are the largest difference in the share of rows that some event of their kind has.
 */
export function marginalDistance(a: Column, b: Column): number {
  if (a.kind === 'number' && b.kind === 'number') return largestStep(a.values, b.values);
  if (a.kind === 'category' && b.kind === 'category') return totalVariation(a.values, b.values);
  throw new Error(`column ${a.name} is a ${a.kind} and a ${b.kind}`);
}

function largestStep(a: Float64Array, b: Float64Array): number {
  const [x, y] = [sorted(a), sorted(b)];
  let [largest, i, j] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i]! <= value) i++;
    while (j < y.length && y[j]! <= value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return largest;
}

const sorted = (values: Float64Array): Float64Array => values.map((v) => (Number.isNaN(v) ? -Infinity : v)).sort();

function totalVariation(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  const [p, q] = [shares(a), shares(b)];
  const levels = new Set([...p.keys(), ...q.keys()]);
  return [...levels].reduce((sum, level) => sum + Math.abs((p.get(level) ?? 0) - (q.get(level) ?? 0)), 0) / 2;
}

/** Share of each level; `null` is missing. */
export function shares(values: readonly (string | null)[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1 / values.length);
  return counts;
}
