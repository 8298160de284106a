import { createRandom } from '../../src/base/philox.ts';
import type { NumberArray } from '../../src/runtime/executor.ts';
import { fitConditional } from '../../src/training/fit/linear-conditional.ts';
import { columnOf, standardise, type ColumnScale } from './columns.ts';

/** Normal rows, each with one column changed. */
export interface Corrupted {
  readonly rows: NumberArray;
  /** The column that was changed, of each row. */
  readonly columns: readonly number[];
}

/** The training median plus or minus 10 interquartile ranges in a column drawn at random; a column without range is passed over. */
export function corruptFar(normal: NumberArray, scales: readonly ColumnScale[], seed: number): Corrupted {
  const wide = [...scales.keys()].filter((column) => scales[column]!.range > 0);
  return corrupt(normal, wide, seed, 'far', (_, column, uniform) => {
    const { median, range } = scales[column]!;
    return median + (uniform < 0.5 ? -10 : 10) * range;
  });
}

/** Another row's value in one of the columns that the others predict: only the relation is broken. */
export function corruptRelation(normal: NumberArray, predictable: readonly number[], seed: number): Corrupted {
  const count = normal.shape[0] ?? 0;
  const width = normal.shape[1] ?? 0;
  return corrupt(normal, predictable, seed, 'relation', (row, column, uniform) => {
    const other = (row + 1 + Math.floor(uniform * (count - 1))) % count;
    return normal.data[other * width + column]!;
  });
}

function corrupt(
  { data, shape }: NumberArray,
  columns: readonly number[],
  seed: number,
  name: string,
  value: (row: number, column: number, uniform: number) => number,
): Corrupted {
  const [count = 0, width = 0] = shape;
  if (columns.length === 0) return { rows: { data: new Float32Array(0), shape: [0, width] }, columns: [] };
  const uniform = new Float32Array(2 * count);
  createRandom(seed).stream('corrupt', name).fillUniform(uniform, 0);
  const changed = data.slice();
  const chosen = Array.from({ length: count }, (_, row) => {
    const column = columns[Math.floor(uniform[2 * row]! * columns.length)]!;
    changed[row * width + column] = value(row, column, uniform[2 * row + 1]!);
    return column;
  });
  return { rows: { data: changed, shape }, columns: chosen };
}

/** Columns of which a linear prediction from the others, fitted on `train`, explains at least `share` of the variance in `held`. */
export function predictableColumns(
  train: NumberArray,
  held: NumberArray,
  scales: readonly ColumnScale[],
  share: number,
): number[] {
  const width = scales.length;
  const { weights, offsets } = fitConditional(standardise(train, scales), width);
  const { data, shape } = standardise(held, scales);
  const count = shape[0] ?? 0;
  return [...scales.keys()].filter((k) => {
    let [error, variance] = [0, 0];
    const values = columnOf({ data, shape }, k);
    const mean = values.reduce((total, value) => total + value / count, 0);
    for (let row = 0; row < count; row++) {
      let predicted = offsets[k]!;
      for (let j = 0; j < width; j++) predicted += data[row * width + j]! * weights[j * width + k]!;
      error += (values[row]! - predicted) ** 2;
      variance += (values[row]! - mean) ** 2;
    }
    return variance > 0 && 1 - error / variance >= share;
  });
}
