import { meanOf } from '../quality/summary.ts';

export interface Moments {
  readonly mean: number;
  /** Of the population. */
  readonly deviation: number;
}

export function momentsOf(values: readonly number[]): Moments {
  const mean = meanOf(values);
  return { mean, deviation: Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2))) };
}

/** One column of [count][places]. */
export function columnOf(rows: readonly (readonly number[])[], place: number): number[] {
  return rows.map((row) => row[place]!);
}
