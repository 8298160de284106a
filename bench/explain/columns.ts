import type { NumberArray } from '../../src/runtime/executor.ts';

/** What the peers know of a column of the training rows. */
export interface ColumnScale {
  readonly mean: number;
  readonly deviation: number;
  readonly median: number;
  /** Interquartile range. */
  readonly range: number;
}

export function columnOf({ data, shape }: NumberArray, column: number): Float32Array {
  const [count = 0, width = 0] = shape;
  return Float32Array.from({ length: count }, (_, row) => data[row * width + column]!);
}

export function columnScales(rows: NumberArray): ColumnScale[] {
  return Array.from({ length: rows.shape[1] ?? 0 }, (_, column) => {
    const sorted = columnOf(rows, column).sort();
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
    const mean = sorted.reduce((total, value) => total + value, 0) / sorted.length;
    const variance = sorted.reduce((total, value) => total + (value - mean) ** 2, 0) / sorted.length;
    return { mean, deviation: Math.sqrt(variance) || 1, median: at(0.5), range: at(0.75) - at(0.25) };
  });
}

export function standardise({ data, shape }: NumberArray, scales: readonly ColumnScale[]): NumberArray {
  const z = data.map((value, at) => {
    const { mean, deviation } = scales[at % scales.length]!;
    return (value - mean) / deviation;
  });
  return { data: z, shape };
}
