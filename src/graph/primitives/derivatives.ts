import {
  allAxes,
  averagePool,
  blur,
  broadcastTo,
  convolve,
  convolveKernel,
  convolveTransposed,
  cos,
  divide,
  enlarge,
  equal,
  gatherRows,
  greater,
  leakySlope,
  matMul,
  multiply,
  negate,
  pad,
  reshape,
  scatterRows,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  subtract,
  sum,
  transpose,
} from '../operations.ts';
import { shapeError, type Shape } from '../shape.ts';
import type { Extent, PrimitiveTable, Tensor } from '../tensor.ts';

/** From the derivative of the result to that of one input; null where it is zero by definition. */
export type Pullback = ((g: Tensor) => Tensor) | null;

const zero = (): readonly Pullback[] => [null];
const zeros = (): readonly Pullback[] => [null, null];

/**
 * The derivative of each primitive, one pullback an input, written in the public operations: so the derivative of a
 * derivative needs no further rule. Broadcasting is undone by the caller, once (gradients.ts).
 */
export const derivativeRules: PrimitiveTable<[], readonly Pullback[]> = {
  input: () => [],
  constant: () => [],

  negate: () => [negate],
  abs: ({ inputs: [x] }) => [(g) => multiply(g, sign(x))],
  sign: zero,
  exp: (y) => [(g) => multiply(g, y)],
  log: ({ inputs: [x] }) => [(g) => divide(g, x)],
  sqrt: (y) => [(g) => divide(multiply(g, 0.5), y)],
  sin: ({ inputs: [x] }) => [(g) => multiply(g, cos(x))],
  cos: ({ inputs: [x] }) => [(g) => negate(multiply(g, sin(x)))],
  tanh: (y) => [(g) => multiply(g, subtract(1, multiply(y, y)))],
  sigmoid: (y) => [(g) => multiply(g, multiply(y, subtract(1, y)))],
  softplus: ({ inputs: [x] }) => [(g) => multiply(g, sigmoid(x))],
  // By the sign of the result, which is that of x: so nothing but the activation needs x, and engines can fuse the two.
  leakyRelu: (y) => {
    const { slope } = y.attributes;
    return [(g) => multiply(g, leakySlope(slope >= 0 ? y : y.inputs[0], slope))];
  },
  leakySlope: zero,
  floor: zero,
  round: zero,
  isNaN: zero,
  detach: zero,

  add: () => [(g) => g, (g) => g],
  subtract: () => [(g) => g, negate],
  multiply: ({ inputs: [a, b] }) => [(g) => multiply(g, b), (g) => multiply(g, a)],
  divide: (y) => {
    const b = y.inputs[1];
    return [(g) => divide(g, b), (g) => negate(divide(multiply(g, y), b))];
  },
  maximum: ({ inputs: [a, b] }) => [(g) => select(greater(a, b), g, 0), (g) => select(greater(a, b), 0, g)],
  minimum: ({ inputs: [a, b] }) => [(g) => select(greater(b, a), g, 0), (g) => select(greater(b, a), 0, g)],
  greater: zeros,
  equal: zeros,
  select: ({ inputs: [condition] }) => [null, (g) => select(condition, g, 0), (g) => select(condition, 0, g)],

  matMul: ({ inputs: [a, b], attributes: { transposeA, transposeB } }) => [
    (g) => (transposeA ? matMul(b, g, transposeB, true) : matMul(g, b, false, !transposeB)),
    (g) => (transposeB ? matMul(g, a, true, transposeA) : matMul(a, g, !transposeA, false)),
  ],

  sum: ({ inputs: [x], attributes: { axes } }) => [(g) => broadcastTo(reshape(g, keptShape(x, axes)), x.shape)],
  max: (y) => [(g) => select(equal(y.inputs[0], y), g, 0)],
  argMax: zero,

  reshape: ({ inputs: [x] }) => [(g) => reshape(g, x.shape)],
  broadcastTo: () => [(g) => g],
  transpose: ({ attributes: { permutation } }) => [(g) => transpose(g, invert(permutation))],
  concat: ({ inputs, attributes: { axis } }) => {
    const ends = runningEnds(inputs.map((x) => lengthOf(x, axis)));
    return inputs.map((x, i) => (g) => slice(g, axis, ends[i]! - lengthOf(x, axis), ends[i]!));
  },
  slice: ({ inputs: [x], attributes: { axis, start, end } }) => [(g) => pad(g, axis, start, lengthOf(x, axis) - end)],
  pad: ({ inputs: [x], attributes: { axis, before } }) => [(g) => slice(g, axis, before, before + lengthOf(x, axis))],
  gatherRows: ({ inputs: [table, indices] }) => [(g) => scatterRows(g, indices, lengthOf(table, 0)), null],
  scatterRows: ({ inputs: [, indices] }) => [(g) => gatherRows(g, indices), null],

  // <g, convolve(x, k)> is linear in each of g, x and k, so that the three are each other's derivatives.
  convolve: ({ inputs: [x, kernel], attributes }) => [
    (g) => convolveTransposed(g, kernel, { ...attributes, size: extentOf(x) }),
    (g) => convolveKernel(x, g, { ...attributes, size: extentOf(kernel) }),
  ],
  convolveTransposed: ({ inputs: [y, kernel], attributes: { stride, padding } }) => [
    (g) => convolve(g, kernel, { stride, padding }),
    (g) => convolveKernel(g, y, { stride, padding, size: extentOf(kernel) }),
  ],
  convolveKernel: ({ inputs: [x, y], attributes: { stride, padding } }) => [
    (g) => convolveTransposed(y, g, { stride, padding, size: extentOf(x) }),
    (g) => convolve(x, g, { stride, padding }),
  ],
  // The smaller image is the one that is multiplied.
  averagePool: ({ attributes: { factor } }) => [(g) => enlarge(multiply(g, 1 / factor ** 2), factor)],
  enlarge: ({ attributes: { factor } }) => [(g) => multiply(averagePool(g, factor), factor ** 2)],
  blur: () => [blur],
};

/** Sums a derivative over the axes along which its tensor was stretched: undoes broadcasting. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  const added = g.shape.length - shape.length;
  const axes = allAxes(g).filter((axis) => axis < added || (shape[axis - added] === 1 && g.shape[axis] !== 1));
  return axes.length === 0 ? g : reshape(sum(g, axes), shape);
}

function keptShape(x: Tensor, axes: readonly number[]): Shape {
  return x.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
}

function lengthOf(x: Tensor, axis: number): number {
  const dimension = x.shape[axis];
  if (typeof dimension !== 'number') throw shapeError(`axis ${axis} must have a known length`);
  return dimension;
}

/** Height and width of an image or a kernel. */
const extentOf = (x: Tensor): Extent => [lengthOf(x, 2), lengthOf(x, 3)];

const invert = (permutation: readonly number[]): number[] => permutation.map((_, axis) => permutation.indexOf(axis));

function runningEnds(lengths: readonly number[]): number[] {
  let end = 0;
  return lengths.map((length) => (end += length));
}
