import type { ReadSlot } from '../../models/features/transform.ts';
import type { NumberArray } from '../../runtime/executor.ts';

/** Some rows of a matrix, in the order of the choice; nothing is copied until it is asked for. */
export interface RowChoice {
  readonly matrix: NumberArray;
  readonly chosen: Uint32Array;
}

/** The chosen rows from `from` up to `to`, packed. */
export function packRows({ matrix, chosen }: RowChoice, from = 0, to = chosen.length): NumberArray {
  const { data, shape } = matrix;
  const width = shape[1] ?? 0;
  const out = new Float32Array((to - from) * width);
  for (let index = from, at = 0; index < to; index++) {
    const start = chosen[index]! * width;
    for (let slot = start; slot < start + width; slot++) out[at++] = data[slot]!;
  }
  return { data: out, shape: [to - from, width] };
}

/** The chosen rows, and others behind them. */
export function joinRows(rows: RowChoice, more: NumberArray): RowChoice {
  const own = packRows(rows);
  const count = rows.chosen.length + (more.shape[0] ?? 0);
  const data = new Float32Array(own.data.length + more.data.length);
  data.set(own.data);
  data.set(more.data, own.data.length);
  return {
    matrix: { data, shape: [count, own.shape[1] ?? 0] },
    chosen: Uint32Array.from({ length: count }, (_, row) => row),
  };
}

/** Reads one slot of the chosen rows; the array is used again by the next call. */
export function slotReader({ matrix, chosen }: RowChoice): ReadSlot {
  const { data, shape } = matrix;
  const width = shape[1] ?? 0;
  const out = new Float32Array(chosen.length);
  return (slot) => {
    for (let index = 0; index < out.length; index++) out[index] = data[chosen[index]! * width + slot]!;
    return out;
  };
}
