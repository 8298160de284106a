import { sameShape, shapeError, showShape, type Shape } from './shape.ts';
import { createTensor, type Extent, type Sliding, type Tensor } from './tensor.ts';

/** A tensor, or a number that stands for a scalar constant. */
export type Operand = Tensor | number;

export function input(name: string, shape: Shape): Tensor<'input'> {
  return createTensor('input', [], { name, shape });
}

/** A constant of the given shape; a single value fills it. */
export function constant(values: ArrayLike<number> | number, shape: Shape = []): Tensor {
  if (typeof values !== 'number') return createTensor('constant', [], { values: Float32Array.from(values), shape });
  const scalar = createTensor('constant', [], { values: Float32Array.of(values), shape: [] });
  return broadcastTo(scalar, shape);
}

const toTensor = (operand: Operand): Tensor => (typeof operand === 'number' ? constant(operand) : operand);

// Element by element.
export const negate = (x: Tensor): Tensor => createTensor('negate', [x], {});
export const abs = (x: Tensor): Tensor => createTensor('abs', [x], {});
export const sign = (x: Tensor): Tensor => createTensor('sign', [x], {});
export const exp = (x: Tensor): Tensor => createTensor('exp', [x], {});
export const log = (x: Tensor): Tensor => createTensor('log', [x], {});
export const sqrt = (x: Tensor): Tensor => createTensor('sqrt', [x], {});
export const sin = (x: Tensor): Tensor => createTensor('sin', [x], {});
export const cos = (x: Tensor): Tensor => createTensor('cos', [x], {});
export const tanh = (x: Tensor): Tensor => createTensor('tanh', [x], {});
export const sigmoid = (x: Tensor): Tensor => createTensor('sigmoid', [x], {});
export const softplus = (x: Tensor): Tensor => createTensor('softplus', [x], {});
export const leakyRelu = (x: Tensor, slope: number): Tensor => createTensor('leakyRelu', [x], { slope });
export const leakySlope = (x: Tensor, slope: number): Tensor => createTensor('leakySlope', [x], { slope });
export const relu = (x: Tensor): Tensor => leakyRelu(x, 0);
export const floor = (x: Tensor): Tensor => createTensor('floor', [x], {});
export const round = (x: Tensor): Tensor => createTensor('round', [x], {});
export const isNaN = (x: Tensor): Tensor => createTensor('isNaN', [x], {});
export const detach = (x: Tensor): Tensor => createTensor('detach', [x], {});
export const square = (x: Tensor): Tensor => multiply(x, x);

// Pairs, with broadcasting.
export const add = (a: Operand, b: Operand): Tensor => createTensor('add', [toTensor(a), toTensor(b)], {});
export const subtract = (a: Operand, b: Operand): Tensor => createTensor('subtract', [toTensor(a), toTensor(b)], {});
export const multiply = (a: Operand, b: Operand): Tensor => createTensor('multiply', [toTensor(a), toTensor(b)], {});
export const divide = (a: Operand, b: Operand): Tensor => createTensor('divide', [toTensor(a), toTensor(b)], {});
export const maximum = (a: Operand, b: Operand): Tensor => createTensor('maximum', [toTensor(a), toTensor(b)], {});
export const minimum = (a: Operand, b: Operand): Tensor => createTensor('minimum', [toTensor(a), toTensor(b)], {});
export const greater = (a: Operand, b: Operand): Tensor => createTensor('greater', [toTensor(a), toTensor(b)], {});
export const equal = (a: Operand, b: Operand): Tensor => createTensor('equal', [toTensor(a), toTensor(b)], {});
export const select = (condition: Tensor, a: Operand, b: Operand): Tensor =>
  createTensor('select', [condition, toTensor(a), toTensor(b)], {});
export const clip = (x: Tensor, low: number, high: number): Tensor => minimum(maximum(x, low), high);

/** op(a) op(b) over the last two axes, where op transposes if asked to; leading axes are equal groups. */
export function matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return createTensor('matMul', [a, b], { transposeA, transposeB });
}

// Reductions; without axes, over all.
export function sum(x: Tensor, axes: readonly number[] = allAxes(x), keepDims = false): Tensor {
  return createTensor('sum', [x], { axes, keepDims });
}
export function mean(x: Tensor, axes: readonly number[] = allAxes(x), keepDims = false): Tensor {
  const count = axes.reduce((product, axis) => product * staticLength(x, axis), 1);
  return multiply(sum(x, axes, keepDims), 1 / count);
}
export const max = (x: Tensor, axis: number): Tensor => createTensor('max', [x], { axis });
export const argMax = (x: Tensor, axis: number): Tensor => createTensor('argMax', [x], { axis });

/** exp(x) / sum exp(x) along an axis, without overflow. */
export function softmax(x: Tensor, axis: number): Tensor {
  const e = exp(subtract(x, detach(max(x, axis))));
  return divide(e, sum(e, [axis], true));
}

// Shapes.
export const reshape = (x: Tensor, shape: Shape): Tensor => createTensor('reshape', [x], { shape });
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : createTensor('broadcastTo', [x], { shape });
}
export function transpose(x: Tensor, permutation: readonly number[] = allAxes(x).reverse()): Tensor {
  return createTensor('transpose', [x], { permutation });
}
export const concat = (tensors: readonly Tensor[], axis: number): Tensor => createTensor('concat', tensors, { axis });
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  return createTensor('slice', [x], { axis, start, end });
}
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return createTensor('pad', [x], { axis, before, after });
}
export const gatherRows = (table: Tensor, indices: Tensor): Tensor => createTensor('gatherRows', [table, indices], {});
export function scatterRows(updates: Tensor, indices: Tensor, rows: number): Tensor {
  return createTensor('scatterRows', [updates, indices], { rows });
}

// Images [b, channels, height, width].
/** (image [b, in, h, w], kernel [out, in, k, k]) -> [b, out, h', w']; zeros lie around the image. */
export function convolve(x: Tensor, kernel: Tensor, { stride, padding }: Sliding): Tensor {
  return createTensor('convolve', [x, kernel], { stride, padding });
}
/** (image [b, out, h', w'], kernel [out, in, k, k]) -> [b, in, ...size]: what `convolve` does, backwards. */
export function convolveTransposed(y: Tensor, kernel: Tensor, by: Sliding & { readonly size: Extent }): Tensor {
  return createTensor('convolveTransposed', [y, kernel], by);
}
/** (image [b, in, h, w], image [b, out, h', w']) -> [out, in, ...size]: how much of one lies at each place of the other. */
export function convolveKernel(x: Tensor, y: Tensor, by: Sliding & { readonly size: Extent }): Tensor {
  return createTensor('convolveKernel', [x, y], by);
}
export const averagePool = (x: Tensor, factor: number): Tensor => createTensor('averagePool', [x], { factor });
export const enlarge = (x: Tensor, factor: number): Tensor => createTensor('enlarge', [x], { factor });
export const blur = (x: Tensor): Tensor => createTensor('blur', [x], {});
/** Twice the height and width, smoothly: Karras 2019, appendix C. */
export const upsample = (x: Tensor): Tensor => blur(enlarge(x, 2));
/** Half the height and width, smoothly. */
export const downsample = (x: Tensor): Tensor => averagePool(blur(x), 2);

/**
 * Mean and deviation of each channel of each image, [b, channels, 1, 1] each (Huang and Belongie 2017, equations 5 and 6).
 * `floor` keeps the root differentiable where a channel is even.
 */
export function channelStatistics(x: Tensor, floor = 1e-5): { readonly mean: Tensor; readonly deviation: Tensor } {
  const average = mean(x, [2, 3], true);
  const variance = mean(square(subtract(x, average)), [2, 3], true);
  return { mean: average, deviation: sqrt(add(variance, floor)) };
}

/** Columns start <= i < end of a matrix. */
export const columns = (x: Tensor, start: number, end: number): Tensor => slice(x, 1, start, end);
/** Rows start <= i < end. */
export const rows = (x: Tensor, start: number, end: number): Tensor => slice(x, 0, start, end);

export function allAxes(x: Tensor): number[] {
  return x.shape.map((_, axis) => axis);
}

function staticLength(x: Tensor, axis: number): number {
  const dimension = x.shape[axis];
  if (typeof dimension !== 'number') {
    throw shapeError(`axis ${axis} of ${showShape(x.shape)} has no known length`);
  }
  return dimension;
}
