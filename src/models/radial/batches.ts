import { add, concat, constant, floor, gatherRows, multiply, reshape, slice } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { StepBuilder } from '../step-builder.ts';

/** How many rows of each class each source has, [sources][classes]. */
export type ClassRows = readonly (readonly number[])[];

export interface BatchOptions {
  readonly step: StepBuilder;
  /** Rows of all sources [rows, width + classWidth], by source, then by class. */
  readonly table: Tensor;
  readonly counts: ClassRows;
  readonly batch: number;
  readonly width: number;
  readonly balanced: boolean;
}

export interface Batch {
  /** [sources, batch, width] */
  readonly x: Tensor;
  /** [sources, batch, classWidth] */
  readonly y: Tensor | null;
}

/**
 * Draws rows, uniformly within each source; with `balanced`, where every source has rows of every class, classes are drawn
 * equally often and alike in all sources, so that critics cannot tell sources apart by how frequent a class is.
 */
export function createBatches(options: BatchOptions): (name: string) => Batch {
  const { step, table, counts, batch, width } = options;
  const sources = counts.length;
  const classes = counts[0]?.length ?? 1;
  const balances = options.balanced && classes > 1 && counts.every((each) => each.every((count) => count > 0));
  const cells = placesOf(balances ? counts : counts.map((each) => [each.reduce((sum, count) => sum + count, 0)]));
  const columns = table.shape[1] as number;
  return (name) => {
    const cell = balances ? drawCells(step, name, { sources, classes, batch }) : cellsBySource(sources, batch);
    // u < 1 in steps of 2^-24: u times a count below 2^24 rounds to less than the count.
    const u = reshape(step.uniform(`place.${name}`, [sources, batch]), [sources * batch]);
    const place = floor(multiply(u, gatherRows(cells.counts, cell)));
    const rows = gatherRows(table, add(gatherRows(cells.starts, cell), place));
    const drawn = reshape(rows, [sources, batch, columns]);
    return { x: slice(drawn, 2, 0, width), y: columns > width ? slice(drawn, 2, width, columns) : null };
  };
}

/** Where each cell, a class of a source, starts in the table, and how many rows it has. */
function placesOf(counts: ClassRows): { readonly starts: Tensor; readonly counts: Tensor } {
  const sizes = counts.flat();
  let start = 0;
  const starts = sizes.map((size) => (start += size) - size);
  return { starts: constant(starts, [sizes.length]), counts: constant(sizes, [sizes.length]) };
}

/** One class for each place of the batch, the same in all sources -> cells [sources * batch]. */
function drawCells(
  step: StepBuilder,
  name: string,
  { sources, classes, batch }: { readonly sources: number; readonly classes: number; readonly batch: number },
): Tensor {
  const drawn = step.integers(`class.${name}`, [batch], classes);
  return concat(
    Array.from({ length: sources }, (_, source) => add(drawn, source * classes)),
    0,
  );
}

function cellsBySource(sources: number, batch: number): Tensor {
  return constant(
    Float32Array.from({ length: sources * batch }, (_, place) => Math.floor(place / batch)),
    [sources * batch],
  );
}
