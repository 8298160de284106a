import { AristarchError } from '../base/errors.ts';

/** The one symbolic dimension: rows of the call, known only when an exported scoring graph runs. */
export const BATCH = 'N';

/** A dimension: a positive whole number, or the symbolic batch dimension. */
export type Dimension = number | typeof BATCH;
export type Shape = readonly Dimension[];

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** Number of elements; throws `INTERNAL` where the batch dimension is symbolic. */
export function sizeOf(shape: Shape): number {
  return shape.reduce<number>((size, dimension) => {
    if (dimension === BATCH) throw shapeError(`the size of ${showShape(shape)} is not known before the graph runs`);
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
