import { batchFactor, isBatched, sizeOf, type Dimension, type Shape } from '../shape.ts';
import type { PrimitiveTable, Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';
import type { Emitted } from './names.ts';
import { imageRules } from './emit-images.ts';
import { ELEMENT_TYPE } from './model.ts';

type Emit = (tensor: Tensor, to: Builder) => string;

const FLOAT = { to: ELEMENT_TYPE.float32 };
const BOOL = { to: ELEMENT_TYPE.bool };
const INT64 = { to: ELEMENT_TYPE.int64 };

const operands = (tensor: Tensor, to: Builder): string[] => tensor.inputs.map((operand) => to.nameOf(operand));
/** An ONNX operator of the same meaning. */
const direct =
  (operator: string): Emit =>
  (tensor, to) =>
    to.node(operator, operands(tensor, to));
/** An ONNX operator that answers with booleans, which become 0 and 1. */
const truth =
  (operator: string): Emit =>
  (tensor, to) =>
    to.node('Cast', [to.node(operator, operands(tensor, to))], FLOAT);

/** Takes any normal float32 above 1. */
const HUGE = 3e38;

const scalar = (value: number, to: Builder): string => to.floats(Float32Array.of(value), []);

/** How each primitive is said in ONNX; returns the name of its value, or what makes it. */
export const onnxRules: PrimitiveTable<[Builder], Emitted> = {
  input: ({ attributes }) => attributes.name,
  constant: ({ attributes }, to) => to.floats(attributes.values, attributes.shape as readonly number[]),

  negate: direct('Neg'),
  abs: direct('Abs'),
  sign: direct('Sign'),
  exp: direct('Exp'),
  log: direct('Log'),
  sqrt: direct('Sqrt'),
  sin: ({ inputs: [x] }, to) => to.dialect.sin(to.nameOf(x), to),
  cos: ({ inputs: [x] }, to) => to.dialect.cos(to.nameOf(x), to),
  tanh: direct('Tanh'),
  sigmoid: direct('Sigmoid'),
  softplus: direct('Softplus'),
  leakyRelu: (tensor, to) => {
    const { slope } = tensor.attributes;
    if (slope === 0) return to.node('Relu', operands(tensor, to));
    return to.node('LeakyRelu', operands(tensor, to), { alpha: { float: slope } });
  },
  // min(max(x * huge, slope), 1): two passes where Greater and Where take three times as long.
  leakySlope: ({ inputs: [x], attributes: { slope } }, to) =>
    to.node('Clip', [to.node('Mul', [to.nameOf(x), scalar(HUGE, to)]), scalar(slope, to), scalar(1, to)]),
  floor: direct('Floor'),
  round: direct('Round'),
  isNaN: truth('IsNaN'),
  detach: ({ inputs: [x] }, to) => to.nameOf(x),

  add: direct('Add'),
  subtract: direct('Sub'),
  multiply: direct('Mul'),
  divide: direct('Div'),
  maximum: direct('Max'),
  minimum: direct('Min'),
  greater: truth('Greater'),
  equal: truth('Equal'),
  select: ({ inputs: [condition, a, b] }, to) =>
    to.node('Where', [to.node('Cast', [to.nameOf(condition)], BOOL), to.nameOf(a), to.nameOf(b)]),

  matMul: emitMatMul,

  sum: emitSum,
  max: ({ inputs: [x], attributes: { axis } }, to) =>
    to.node('ReduceMax', [to.nameOf(x)], { axes: [axis], keepdims: 1 }),
  argMax: ({ inputs: [x], attributes: { axis } }, to) =>
    to.node('Cast', [to.node('ArgMax', [to.nameOf(x)], { axis, keepdims: 1 })], FLOAT),

  reshape: ({ inputs: [x], shape }, to) => {
    const lengths = shape.map((dimension) => (typeof dimension === 'number' ? dimension : -1));
    return to.node('Reshape', [to.nameOf(x), to.integers(lengths)]);
  },
  broadcastTo: ({ inputs: [x], shape }, to) => to.node('Expand', [to.nameOf(x), emitShape(shape, to)]),
  transpose: ({ inputs: [x], attributes: { permutation } }, to) =>
    to.node('Transpose', [to.nameOf(x)], { perm: permutation }),
  concat: (tensor, to) => to.node('Concat', operands(tensor, to), { axis: tensor.attributes.axis }),
  slice: ({ inputs: [x], attributes: { axis, start, end } }, to) =>
    to.node('Slice', [to.nameOf(x), to.integers([start]), to.integers([end]), to.integers([axis])]),
  pad: ({ inputs: [x], attributes: { axis, before, after } }, to) => {
    const at = (length: number): number[] => x.shape.map((_, index) => (index === axis ? length : 0));
    return to.node('Pad', [to.nameOf(x), to.integers([...at(before), ...at(after)])]);
  },
  gatherRows: ({ inputs: [table, indices] }, to) =>
    to.node('Gather', [to.nameOf(table), to.node('Cast', [to.nameOf(indices)], INT64)], { axis: 0 }),
  scatterRows: emitScatterRows,

  ...imageRules,
};

function emitMatMul({ inputs: [a, b], attributes, shape }: Tensor<'matMul'>, to: Builder): string {
  const { transposeA, transposeB } = attributes;
  if (shape.length === 2) {
    return to.node('Gemm', [to.nameOf(a), to.nameOf(b)], { transA: Number(transposeA), transB: Number(transposeB) });
  }
  const swapLast = shape.map((_, axis) => axis);
  swapLast.splice(-2, 2, shape.length - 1, shape.length - 2);
  const oriented = (x: Tensor, transposed: boolean): string =>
    transposed ? to.node('Transpose', [to.nameOf(x)], { perm: swapLast }) : to.nameOf(x);
  return to.node('MatMul', [oriented(a, transposeA), oriented(b, transposeB)]);
}

/** Adding up the rows of a matrix is a row of ones times the matrix, which is faster than ReduceSum by 2 to 4 times. */
function emitSum({ inputs: [x], attributes: { axes, keepDims }, shape }: Tensor<'sum'>, to: Builder): string {
  const rows = x.shape[0];
  if (x.shape.length === 2 && axes.length === 1 && axes[0] === 0 && typeof rows === 'number') {
    const ones = to.floats(new Float32Array(rows).fill(1), [1, rows]);
    const total = to.node('Gemm', [ones, to.nameOf(x)]);
    return keepDims ? total : to.node('Reshape', [total, emitShape(shape, to)]);
  }
  return to.node('ReduceSum', [to.nameOf(x), to.integers(axes)], {
    keepdims: keepDims ? 1 : 0,
    noop_with_empty_axes: 1,
  });
}

/** A one-hot product and not ScatterND: it adds in a fixed order, and every provider has it. */
function emitScatterRows(
  { inputs: [updates, indices], attributes, shape }: Tensor<'scatterRows'>,
  to: Builder,
): string {
  const { rows } = attributes;
  const places = to.node('Cast', [to.nameOf(indices)], INT64);
  const offOn = to.floats(Float32Array.of(0, 1), [2]);
  const oneHot = to.node('OneHot', [places, to.integers([rows], []), offOn], { axis: -1 });
  const flat = to.node('Reshape', [to.nameOf(updates), to.integers([-1, sizeOf(shape.slice(1))])]);
  return to.node('Reshape', [to.node('Gemm', [oneHot, flat], { transA: 1 }), emitShape(shape, to)]);
}

/** A shape as a value; the batch dimension is read off the graph's first batched input when the graph runs. */
function emitShape(shape: Shape, to: Builder): string {
  if (!isBatched(shape)) return to.integers(shape as readonly number[]);
  const parts = shape.map((dimension) => emitDimension(dimension, to));
  return to.node('Concat', parts, { axis: 0 });
}

function emitDimension(dimension: Dimension, to: Builder): string {
  const factor = batchFactor(dimension);
  if (factor === null) return to.integers([Number(dimension)]);
  return factor === 1 ? to.batchLength() : to.node('Mul', [to.batchLength(), to.integers([factor])]);
}
