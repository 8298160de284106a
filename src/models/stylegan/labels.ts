import { columns, concat, constant, equal } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Places of labels among all [n, 1] -> 1 at each row's own, else 0: [n, labels]. */
export const toIndicators = (places: Tensor, labels: number): Tensor =>
  equal(
    places,
    constant(
      Array.from({ length: labels }, (_, label) => label),
      [1, labels],
    ),
  );

/** Rows with the labels' indicators behind them; the rows alone where there are no labels. */
export const withLabels = (rows: Tensor, indicators: Tensor | null): Tensor =>
  indicators === null ? rows : concat([rows, indicators], 1);

/** The indicators behind rows of a width; null where there are no labels. */
export const labelsBehind = (rows: Tensor, width: number, labels: number): Tensor | null =>
  labels === 0 ? null : columns(rows, width, width + labels);

/** 1 for the rows' own columns, by which penalties look for slopes, and 0 for the labels'; null where there are no labels. */
export const withoutLabels = (width: number, labels: number): Tensor | null =>
  labels === 0
    ? null
    : constant([...Array<number>(width).fill(1), ...Array<number>(labels).fill(0)], [1, width + labels]);
