import * as op from '../operations.ts';
import { batchFactor, batchTimes, broadcastShapes, isBatched, type Dimension, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { ELEMENT_TYPE } from './model.ts';
import type { Operator } from './node-forms.ts';
import { imageOperators } from './read-images.ts';
import { floats, lengths, type ReadNode, type Value } from './read-node.ts';

type Read = (node: ReadNode) => Value;

const unary =
  (apply: (x: Tensor) => Tensor): Read =>
  (node) =>
    floats(apply(node.tensor(0)));
const binary =
  (apply: (a: Tensor, b: Tensor) => Tensor): Read =>
  (node) =>
    floats(apply(node.tensor(0), node.tensor(1)));
const truth =
  (apply: (node: ReadNode) => Tensor): Read =>
  (node) => ({ kind: 'truth', tensor: apply(node), isBinary: true });

/** How the operators that we write (emit-primitive.ts) are said in our language: what they mean, not where they came from. */
export const OPERATORS: { readonly [O in Operator]: Read } = {
  Identity: (node) => node.value(0),
  Neg: unary(op.negate),
  Abs: unary(op.abs),
  Sign: unary(op.sign),
  Exp: unary(op.exp),
  Log: unary(op.log),
  Sqrt: unary(op.sqrt),
  Sin: unary(op.sin),
  Cos: unary(op.cos),
  Tanh: unary(op.tanh),
  Sigmoid: unary(op.sigmoid),
  Softplus: unary(op.softplus),
  Relu: unary(op.relu),
  LeakyRelu: (node) => floats(op.leakyRelu(node.tensor(0), node.float('alpha', 0.01))),
  Clip: (node) => floats(op.minimum(op.maximum(node.tensor(0), node.tensor(1)), node.tensor(2))),
  Floor: unary(op.floor),
  Round: unary(op.round),
  IsNaN: truth((node) => op.isNaN(node.tensor(0))),

  Add: binary(op.add),
  Sub: binary(op.subtract),
  Mul: (node) => (node.value(0).kind === 'lengths' ? multiplyLengths(node) : binary(op.multiply)(node)),
  Div: binary(op.divide),
  Max: binary(op.maximum),
  Min: binary(op.minimum),
  Greater: truth((node) => op.greater(node.tensor(0), node.tensor(1))),
  Equal: truth((node) => op.equal(node.tensor(0), node.tensor(1))),
  Where: (node) => floats(op.select(node.truth(0), node.tensor(1), node.tensor(2))),
  Cast: readCast,

  Gemm: (node) => {
    node.check(node.float('alpha', 1) === 1 && node.float('beta', 1) === 1, 'without factors');
    const [a, b] = [node.tensor(0), node.tensor(1)];
    const product = op.matMul(a, b, node.integer('transA', 0) === 1, node.integer('transB', 0) === 1);
    return floats(node.values[2] === undefined ? product : op.add(product, node.tensor(2)));
  },
  MatMul: binary((a, b) => op.matMul(a, b)),

  ReduceSum: (node) => {
    const axes = node.values[1] === undefined ? [] : node.numbers(1);
    const isWhole = axes.length === 0 && node.integer('noop_with_empty_axes', 0) === 0;
    const x = node.tensor(0);
    return floats(op.sum(x, isWhole ? op.allAxes(x) : axes, node.integer('keepdims', 1) === 1));
  },
  ReduceMax: (node) => {
    const axes = node.integers('axes', []);
    node.check(axes.length === 1 && node.integer('keepdims', 1) === 1, 'along one axis, which stays');
    return floats(op.max(node.tensor(0), axes[0]!));
  },
  ArgMax: (node) => {
    node.check(node.integer('keepdims', 1) === 1, 'along an axis which stays');
    return { kind: 'places', tensor: op.argMax(node.tensor(0), node.integer('axis', 0)), isWhole: true };
  },

  Shape: (node) => lengths(node.tensor(0).shape),
  Reshape: (node) => floats(op.reshape(node.tensor(0), targetShape(node.tensor(0).shape, node.lengths(1), node))),
  Expand: (node) => floats(op.broadcastTo(node.tensor(0), broadcastShapes(node.tensor(0).shape, node.lengths(1)))),
  Transpose: (node) => {
    const x = node.tensor(0);
    return floats(op.transpose(x, node.integers('perm', op.allAxes(x).reverse())));
  },
  Concat: (node) => {
    if (node.value(0).kind === 'lengths') return lengths(node.values.flatMap((_, index) => node.lengths(index)));
    const parts = node.values.map((_, index) => node.tensor(index));
    return floats(op.concat(parts, axisOf(parts[0]!, node.integer('axis', 0))));
  },
  Slice: (node) => {
    const [starts, ends, axes] = [node.numbers(1), node.numbers(2), node.numbers(3)];
    const part = (x: Tensor, axis: number, index: number): Tensor => {
      const length = Number(x.shape[axis]);
      return op.slice(x, axis, starts[index]!, Math.min(ends[index]!, length));
    };
    return floats(axes.reduce(part, node.tensor(0)));
  },
  Pad: (node) => {
    node.check(node.text('mode', 'constant') === 'constant', 'with zeros');
    const [x, amounts] = [node.tensor(0), node.numbers(1)];
    const around = (part: Tensor, axis: number): Tensor => {
      const [before, after] = [amounts[axis]!, amounts[axis + x.shape.length]!];
      return before === 0 && after === 0 ? part : op.pad(part, axis, before, after);
    };
    return floats(op.allAxes(x).reduce(around, x));
  },
  Gather: (node) => {
    node.check(node.integer('axis', 0) === 0, 'along the first axis');
    if (node.value(0).kind !== 'lengths') return floats(op.gatherRows(node.tensor(0), node.places(1)));
    return lengths(node.numbers(1).map((at) => node.lengths(0)[at]!));
  },
  OneHot: (node) => {
    const [off, on] = node.constants(2);
    const [places, [count = 0]] = [node.places(0), node.numbers(1)];
    node.check(node.integer('axis', -1) === -1 && off === 0 && on === 1, 'as 0 and 1 along a new last axis');
    const columns = op.constant(
      Float32Array.from({ length: count }, (_, at) => at),
      [1, count],
    );
    return floats(op.equal(op.reshape(places, [...places.shape, 1]), columns));
  },

  ...imageOperators,
};

function readCast(node: ReadNode): Value {
  const value = node.value(0);
  const to = node.integer('to', 0);
  if (to === ELEMENT_TYPE.float32) return floats(toFloats(value, node));
  if (to === ELEMENT_TYPE.bool) return { kind: 'truth', tensor: node.tensor(0), isBinary: false };
  node.check(to === ELEMENT_TYPE.int64, 'to floats, booleans and int64');
  return { kind: 'places', tensor: node.tensor(0), isWhole: false };
}

function toFloats(value: Value, node: ReadNode): Tensor {
  if (value.kind === 'floats') return value.tensor;
  if (value.kind === 'truth') return value.isBinary ? value.tensor : op.subtract(1, op.equal(value.tensor, 0));
  if (value.kind === 'lengths') return op.constant(node.numbers(0), [value.values.length]);
  const { tensor, isWhole } = value;
  return isWhole ? tensor : op.multiply(op.sign(tensor), op.floor(op.abs(tensor)));
}

/** Lengths by numbers, such as the batch's by the variants of a row. */
function multiplyLengths(node: ReadNode): Value {
  const factors = node.numbers(1);
  const times = (length: Dimension, factor: number): Dimension => {
    const rows = batchFactor(length);
    return rows === null ? Number(length) * factor : batchTimes(rows * factor);
  };
  return lengths(node.lengths(0).map((length, index) => times(length, factors[index] ?? factors[0] ?? 1)));
}

/** ONNX's shape of a reshape: -1 stands for what is left over, 0 for the length that was there. */
function targetShape(from: Shape, to: readonly Dimension[], node: ReadNode): Shape {
  const copied = to.map((length, axis) => (length === 0 ? (from[axis] ?? 1) : length));
  if (!copied.includes(-1)) return copied;
  const known = copied.filter((length) => length !== -1);
  const left = elements(from) / elements(known);
  node.check(Number.isInteger(left), 'to as many elements as there were');
  const open = isBatched(from) && !isBatched(known) ? batchTimes(left) : left;
  return copied.map((length) => (length === -1 ? open : length));
}

/** For each row of the call. */
const elements = (shape: Shape): number =>
  shape.reduce<number>((product, length) => product * (batchFactor(length) ?? Number(length)), 1);

const axisOf = ({ shape }: Tensor, axis: number): number => (axis < 0 ? shape.length + axis : axis);
