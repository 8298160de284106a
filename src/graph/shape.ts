import { AristarchError } from '../base/errors.ts';

/** The one symbolic dimension: rows of the call, known only when an exported scoring graph runs. */
export const BATCH = 'N';

/** So many rows for each row of the call, `N*8`: what looks at variants of each row works on this dimension. */
type BatchMultiple = `${typeof BATCH}*${number}`;
/** A dimension: a positive whole number, the symbolic batch dimension, or a multiple of it. */
export type Dimension = number | typeof BATCH | BatchMultiple;
export type Shape = readonly Dimension[];

export function batchTimes(rows: number): Dimension {
  return rows === 1 ? BATCH : `${BATCH}*${rows}`;
}

/** Rows for each row of the call; null for a dimension that does not depend on the call. */
export function batchFactor(dimension: Dimension): number | null {
  if (typeof dimension === 'number') return null;
  return dimension === BATCH ? 1 : Number(dimension.slice(BATCH.length + 1));
}

/** The shape as it is in a call of `batch` rows. */
export function shapeInCall(shape: Shape, batch: number): number[] {
  return shape.map((dimension) => (typeof dimension === 'number' ? dimension : batch * (batchFactor(dimension) ?? 1)));
}

/** Whether a dimension of the shape depends on the call. */
export function isBatched(shape: Shape): boolean {
  return shape.some((dimension) => typeof dimension !== 'number');
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Number of elements; throws `INTERNAL` where the batch dimension is symbolic. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, dimension) => {
    if (typeof dimension !== 'number')
      throw shapeError(`the size of ${showShape(shape)} is not known before the graph runs`);
    return size * dimension;
  }, 1);
}

/** NumPy's rule: axes are aligned at the end, and a dimension of 1 stretches. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw shapeError(`${showShape(a)} and ${showShape(b)} do not broadcast`);
  });
}

/**
 * Asserts the shape at an entrance: `assertShape(x, [null, features])`, where null stands for any dimension. For people
 * who write networks; the tables of shape rules check the rest.
 */
export function assertShape(tensor: { readonly shape: Shape }, expected: readonly (Dimension | null)[]): void {
  const fits =
    tensor.shape.length === expected.length &&
    expected.every((dimension, axis) => dimension === null || dimension === tensor.shape[axis]);
  if (!fits) {
    const wanted = `[${expected.map((dimension) => dimension ?? '?').join(', ')}]`;
    throw shapeError(`expected a tensor of shape ${wanted}, got ${showShape(tensor.shape)}`);
  }
}

export function shapeError(message: string): AristarchError {
  return new AristarchError('INTERNAL', `graph: ${message}`);
}
