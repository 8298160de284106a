import {
  batchFactor,
  broadcastShapes,
  sameShape,
  shapeError,
  showShape,
  type Dimension,
  type Shape,
} from '../shape.ts';
import type { PrimitiveTable, Tensor } from '../tensor.ts';
import { imageShapes } from './image-shapes.ts';

interface OneInput {
  readonly inputs: readonly [Tensor];
}
interface TwoInputs {
  readonly inputs: readonly [Tensor, Tensor];
}

const same = ({ inputs: [x] }: OneInput): Shape => x.shape;
const broadcast = ({ inputs: [a, b] }: TwoInputs): Shape => broadcastShapes(a.shape, b.shape);

/** The shape of each primitive's result, or an error that says which operands do not fit. */
export const shapeRules: PrimitiveTable<[], Shape> = {
  input: ({ attributes }) => checkDimensions(attributes.shape),
  constant: ({ attributes }) => checkConstant(attributes.values, attributes.shape),

  negate: same,
  abs: same,
  sign: same,
  exp: same,
  log: same,
  sqrt: same,
  sin: same,
  cos: same,
  tanh: same,
  sigmoid: same,
  softplus: same,
  leakyRelu: same,
  leakySlope: same,
  floor: same,
  round: same,
  isNaN: same,
  detach: same,

  add: broadcast,
  subtract: broadcast,
  multiply: broadcast,
  divide: broadcast,
  maximum: broadcast,
  minimum: broadcast,
  greater: broadcast,
  equal: broadcast,
  select: ({ inputs: [condition, a, b] }) => broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)),

  matMul: matMulShape,

  sum: ({ inputs: [x], attributes: { axes, keepDims } }) => {
    axes.forEach((axis) => checkAxis(x.shape, axis));
    if (keepDims) return x.shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
    return x.shape.filter((_, axis) => !axes.includes(axis));
  },
  max: ({ inputs: [x], attributes: { axis } }) => replaceAxis(x.shape, axis, 1),
  argMax: ({ inputs: [x], attributes: { axis } }) => replaceAxis(x.shape, axis, 1),

  reshape: ({ inputs: [x], attributes: { shape } }) => {
    if (knownSize(x.shape) !== knownSize(shape) || countBatch(x.shape) !== countBatch(shape)) {
      throw shapeError(`${showShape(x.shape)} cannot be reshaped to ${showShape(shape)}`);
    }
    return shape;
  },
  broadcastTo: ({ inputs: [x], attributes: { shape } }) => {
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw shapeError(`${showShape(x.shape)} does not broadcast to ${showShape(shape)}`);
    }
    return shape;
  },
  transpose: ({ inputs: [x], attributes: { permutation } }) => {
    const isPermutation = [...permutation].sort((a, b) => a - b).every((axis, index) => axis === index);
    if (!isPermutation || permutation.length !== x.shape.length) {
      throw shapeError(`[${permutation.join(', ')}] does not permute the axes of ${showShape(x.shape)}`);
    }
    return permutation.map((axis) => dimensionAt(x.shape, axis));
  },
  concat: ({ inputs, attributes: { axis } }) => concatShape(inputs, axis),
  slice: ({ inputs: [x], attributes: { axis, start, end } }) => {
    const length = staticDimension(x.shape, axis);
    if (!(start >= 0 && start < end && end <= length)) {
      throw shapeError(`${start} to ${end} is no part of axis ${axis} of ${showShape(x.shape)}`);
    }
    return replaceAxis(x.shape, axis, end - start);
  },
  pad: ({ inputs: [x], attributes: { axis, before, after } }) =>
    replaceAxis(x.shape, axis, before + staticDimension(x.shape, axis) + after),
  gatherRows: ({ inputs: [table, indices] }) => {
    if (table.shape.length === 0) throw shapeError('gatherRows needs a table with rows, got a scalar');
    return [indexCount(indices), ...table.shape.slice(1)];
  },
  scatterRows: ({ inputs: [updates, indices], attributes: { rows } }) => {
    if (dimensionAt(updates.shape, 0) !== indexCount(indices)) {
      throw shapeError(`scatterRows: ${showShape(updates.shape)} updates for ${showShape(indices.shape)} indices`);
    }
    return [rows, ...updates.shape.slice(1)];
  },

  ...imageShapes,
};

function matMulShape({ inputs: [a, b], attributes: { transposeA, transposeB } }: Tensor<'matMul'>): Shape {
  const rank = a.shape.length;
  const groups = a.shape.slice(0, -2);
  const [rows, innerA] = lastTwo(a.shape, transposeA);
  const [innerB, columns] = lastTwo(b.shape, transposeB);
  if (rank < 2 || b.shape.length !== rank || innerA !== innerB || !sameShape(groups, b.shape.slice(0, -2))) {
    const show = (shape: Shape, transposed: boolean): string => showShape(shape) + (transposed ? ' transposed' : '');
    throw shapeError(`cannot multiply ${show(a.shape, transposeA)} by ${show(b.shape, transposeB)}`);
  }
  return [...groups, rows, columns];
}

function concatShape(inputs: readonly Tensor[], axis: number): Shape {
  const [first, ...others] = inputs;
  if (!first) throw shapeError('concat needs at least one tensor');
  const length = others.reduce(
    (total, { shape }) => {
      if (!sameShape(replaceAxis(shape, axis, 1), replaceAxis(first.shape, axis, 1))) {
        throw shapeError(`${showShape(first.shape)} and ${showShape(shape)} do not concatenate along axis ${axis}`);
      }
      return total + staticDimension(shape, axis);
    },
    staticDimension(first.shape, axis),
  );
  return replaceAxis(first.shape, axis, length);
}

function lastTwo(shape: Shape, transposed: boolean): [Dimension, Dimension] {
  const [first, second] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  return transposed ? [second, first] : [first, second];
}

function checkAxis(shape: Shape, axis: number): void {
  if (!(axis in shape)) throw shapeError(`${showShape(shape)} has no axis ${axis}`);
}

function dimensionAt(shape: Shape, axis: number): Dimension {
  const dimension = shape[axis];
  if (dimension === undefined) throw shapeError(`${showShape(shape)} has no axis ${axis}`);
  return dimension;
}

function staticDimension(shape: Shape, axis: number): number {
  const dimension = dimensionAt(shape, axis);
  if (typeof dimension !== 'number') throw shapeError(`axis ${axis} of ${showShape(shape)} must have a known length`);
  return dimension;
}

function replaceAxis(shape: Shape, axis: number, dimension: Dimension): Shape {
  checkAxis(shape, axis);
  return shape.map((old, index) => (index === axis ? dimension : old));
}

function indexCount(indices: Tensor): Dimension {
  if (indices.shape.length !== 1) throw shapeError(`row indices must be a vector, got ${showShape(indices.shape)}`);
  return dimensionAt(indices.shape, 0);
}

function checkDimensions(shape: Shape): Shape {
  const ok = shape
    .map((dimension) => batchFactor(dimension) ?? dimension)
    .every((size) => Number.isInteger(size) && Number(size) > 0);
  if (!ok || countBatch(shape) > 1) throw shapeError(`${showShape(shape)} is no shape`);
  return shape;
}

function checkConstant(values: Float32Array, shape: Shape): Shape {
  if (countBatch(checkDimensions(shape)) > 0 || values.length !== knownSize(shape)) {
    throw shapeError(`${values.length} values do not fill a constant of shape ${showShape(shape)}`);
  }
  return shape;
}

const countBatch = (shape: Shape): number => shape.filter((dimension) => typeof dimension !== 'number').length;
/** Elements for each row of the call. */
const knownSize = (shape: Shape): number =>
  shape.reduce<number>(
    (size, dimension) => size * (typeof dimension === 'number' ? dimension : batchFactor(dimension)!),
    1,
  );
