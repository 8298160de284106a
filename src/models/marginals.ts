import { add, clip, columns, constant, gatherRows, greater, multiply, subtract, sum } from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';

/**
 * What sets the spread of each made-up column right: a generator that was trained for seconds has learnt how columns go
 * together before it has learnt how each of them is spread, and the spread is known from the training rows. Numbers go
 * through a rising map, which leaves their order, and levels get an offset of their logits.
 */
export interface Marginals {
  /** By slot of the raw row. */
  readonly numbers: ReadonlyMap<number, RisingMap>;
  /** Added to the generator's outputs; 0 for those that are no levels. */
  readonly shift: Float32Array;
}

/** A map of the line, piece by piece: between thresholds i - 1 and i lies piece i. */
export interface RisingMap {
  /** Rising, one fewer than there are pieces. */
  readonly thresholds: readonly number[];
  readonly pieces: readonly Piece[];
}

/** value + rise * (x - start) / width, from value to value + rise; a rise of 0 gives the value to the bit. */
export interface Piece {
  readonly value: number;
  readonly rise: number;
  readonly start: number;
  readonly width: number;
}

/** The map's value of x [n, 1]. */
export function applyMap(x: Tensor, { thresholds, pieces }: RisingMap): Tensor {
  const table = constant(
    pieces.flatMap(({ value, rise, start, width }) => [value, rise, start, 1 / width]),
    [pieces.length, 4],
  );
  const place =
    thresholds.length === 0
      ? multiply(sum(x, [1]), 0)
      : sum(greater(x, constant(Float32Array.from(thresholds), [1, thresholds.length])), [1]);
  const piece = gatherRows(table, place); // [n, 4]
  const [value, rise, start, scale] = [0, 1, 2, 3].map((at) => columns(piece, at, at + 1)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return add(value, multiply(rise, clip(multiply(subtract(x, start), scale), 0, 1)));
}
