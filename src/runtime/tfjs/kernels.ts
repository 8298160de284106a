import { shapeInCall } from '../../graph/shape.ts';
import type { PrimitiveTable } from '../../graph/tensor.ts';
import { imageKernels } from './image-kernels.ts';
import type { Tf, TfTensor } from './load.ts';

/** What a kernel computes from. */
export interface KernelArguments {
  readonly tf: Tf;
  /** Values of the tensor's operands. */
  readonly operands: readonly TfTensor[];
  /** The value of an input, by name. */
  readonly valueOf: (name: string) => TfTensor;
  /** Length of the batch dimension in this run; 1 where no input has one. */
  readonly batch: number;
}

type Kernel = (tensor: object, given: KernelArguments) => TfTensor;
type UnaryName = 'neg' | 'abs' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'floor' | 'round';
type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'minimum';

const unary =
  (name: UnaryName): Kernel =>
  (_, { tf, operands: [x] }) =>
    tf[name](x!);
const binary =
  (name: BinaryName): Kernel =>
  (_, { tf, operands: [a, b] }) =>
    tf[name](a!, b!);
/** TF.js answers with booleans; here truth values are 0 and 1. */
const truth =
  (name: 'greater' | 'equal'): Kernel =>
  (_, { tf, operands: [a, b] }) =>
    tf.cast(tf[name](a!, b!), 'float32');

/** How each primitive is computed by the TF.js API, forward operations only: our derivatives are graphs already. */
export const tfjsRules: PrimitiveTable<[KernelArguments], TfTensor> = {
  input: ({ attributes }, { valueOf }) => valueOf(attributes.name).clone(),
  constant: ({ attributes }, { tf }) => tf.tensor(attributes.values, attributes.shape as number[], 'float32'),

  negate: unary('neg'),
  abs: unary('abs'),
  // Not tf.sign, which takes small numbers for zero on wasm.
  sign: (_, { tf, operands: [x] }) => tf.sub(tf.cast(tf.greater(x!, 0), 'float32'), tf.cast(tf.less(x!, 0), 'float32')),
  exp: unary('exp'),
  log: unary('log'),
  sqrt: unary('sqrt'),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  // Not tf.softplus, which is x itself or exp(x) outside a narrow range.
  softplus: (_, { tf, operands: [x] }) => tf.add(tf.relu(x!), tf.log1p(tf.exp(tf.neg(tf.abs(x!))))),
  leakyRelu: ({ attributes: { slope } }, { tf, operands: [x] }) => tf.leakyRelu(x!, slope),
  leakySlope: ({ attributes: { slope } }, { tf, operands: [x] }) =>
    tf.where(tf.greater(x!, 0), tf.scalar(1), tf.scalar(slope)),
  floor: unary('floor'),
  round: unary('round'),
  isNaN: (_, { tf, operands: [x] }) => tf.cast(tf.isNaN(x!), 'float32'),
  detach: (_, { operands: [x] }) => x!.clone(),

  add: binary('add'),
  subtract: binary('sub'),
  multiply: binary('mul'),
  divide: binary('div'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  greater: truth('greater'),
  equal: truth('equal'),
  select: (_, { tf, operands: [condition, a, b] }) => tf.where(tf.notEqual(condition!, 0), a!, b!),

  matMul: ({ attributes: { transposeA, transposeB } }, { tf, operands: [a, b] }) =>
    tf.matMul(a!, b!, transposeA, transposeB),

  sum: ({ attributes: { axes, keepDims } }, { tf, operands: [x] }) => tf.sum(x!, [...axes], keepDims),
  max: ({ attributes: { axis } }, { tf, operands: [x] }) => tf.max(x!, axis, true),
  argMax: ({ attributes: { axis } }, { tf, operands: [x] }) =>
    tf.cast(tf.expandDims(tf.argMax(x!, axis), axis), 'float32'),

  reshape: ({ shape }, { tf, operands: [x], batch }) => tf.reshape(x!, shapeInCall(shape, batch)),
  broadcastTo: ({ shape }, { tf, operands: [x], batch }) => tf.broadcastTo(x!, shapeInCall(shape, batch)),
  transpose: ({ attributes: { permutation } }, { tf, operands: [x] }) => tf.transpose(x!, [...permutation]),
  concat: ({ attributes: { axis } }, { tf, operands }) => tf.concat([...operands], axis),
  slice: ({ attributes: { axis, start, end } }, { tf, operands: [x] }) => {
    const begin = x!.shape.map((_, index) => (index === axis ? start : 0));
    const size = x!.shape.map((length, index) => (index === axis ? end - start : length));
    return tf.slice(x!, begin, size);
  },
  pad: ({ attributes: { axis, before, after } }, { tf, operands: [x] }) =>
    tf.pad(
      x!,
      x!.shape.map((_, index) => (index === axis ? [before, after] : [0, 0])),
    ),
  gatherRows: (_, { tf, operands: [table, indices] }) => tf.gather(table!, tf.cast(indices!, 'int32'), 0),
  // Adds up repeated indices, as TensorFlow's scatter_nd does.
  scatterRows: ({ shape }, { tf, operands: [updates, indices], batch }) =>
    tf.scatterND(tf.cast(tf.expandDims(indices!, 1), 'int32'), updates!, shapeInCall(shape, batch)),

  ...imageKernels,
};
