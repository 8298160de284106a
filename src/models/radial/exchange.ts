import { concat, slice } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Rows of one batch of a source: each other source gives an equal part of those that are translated to it. */
export function batchOf(sources: number, wanted: number): number {
  return Math.max(1, Math.floor(wanted / (sources - 1))) * (sources - 1);
}

/**
 * Blocks of rows [sources, batch, ..]: part m (m = 1 .. sources - 1) of block k of the result is that of block k + m (modulo
 * the sources), so that each source gets rows of all others; `back` undoes it.
 */
export function exchange(x: Tensor, direction: 'there' | 'back' = 'there'): Tensor {
  const [sources, batch] = x.shape as readonly number[];
  const size = batch! / (sources! - 1);
  const parts = Array.from({ length: sources! - 1 }, (_, index) => {
    const part = slice(x, 1, index * size, (index + 1) * size);
    return roll(part, direction === 'there' ? index + 1 : sources! - index - 1);
  });
  return parts.length === 1 ? parts[0]! : concat(parts, 1);
}

/** Block k of the result is block (k + by) mod n. */
function roll(x: Tensor, by: number): Tensor {
  const n = x.shape[0] as number;
  return concat([slice(x, 0, by, n), slice(x, 0, 0, by)], 0);
}

/** Two batches of the same sources, one after the other. */
export const concatRows = (a: Tensor, b: Tensor): Tensor => concat([a, b], 1);
