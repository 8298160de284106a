import { shapeRules } from './primitives/shapes.ts';
import type { Shape } from './shape.ts';

type Leaf = readonly [];
type Unary = readonly [Tensor];
type Binary = readonly [Tensor, Tensor];
type None = Readonly<Record<string, never>>;

/** How a kernel slides over an image: pixels between its places, and zeros on every side of the image. */
export interface Sliding {
  readonly stride: number;
  readonly padding: number;
}
/** Height and width. */
export type Extent = readonly [number, number];

/**
 * Every primitive of the language: what it takes. A primitive is one row here and one row in each total table - shape
 * (primitives/shapes.ts), derivative (primitives/derivatives.ts), ONNX (onnx/emit-primitive.ts), TF.js
 * (runtime/tfjs/kernels.ts), row programs (runtime/rows/lower.ts) -, and a missing row is a compile error. All tensors hold float32; truth values are 0 and 1.
 */
export interface Primitives {
  /** Data from outside, by name. */
  input: { inputs: Leaf; attributes: { name: string; shape: Shape } };
  constant: { inputs: Leaf; attributes: { values: Float32Array; shape: Shape } };

  negate: { inputs: Unary; attributes: None };
  abs: { inputs: Unary; attributes: None };
  /** -1, 0 or 1; its derivative is taken as zero everywhere. */
  sign: { inputs: Unary; attributes: None };
  exp: { inputs: Unary; attributes: None };
  log: { inputs: Unary; attributes: None };
  sqrt: { inputs: Unary; attributes: None };
  sin: { inputs: Unary; attributes: None };
  cos: { inputs: Unary; attributes: None };
  tanh: { inputs: Unary; attributes: None };
  sigmoid: { inputs: Unary; attributes: None };
  /** log(1 + exp(x)), without overflow. */
  softplus: { inputs: Unary; attributes: None };
  /** x where x > 0, else slope x; a slope of 0 is the ReLU. */
  leakyRelu: { inputs: Unary; attributes: { slope: number } };
  /** 1 where x > 0, else slope: the derivative of leakyRelu, itself a constant for derivatives. */
  leakySlope: { inputs: Unary; attributes: { slope: number } };
  floor: { inputs: Unary; attributes: None };
  /** Half to even, as IEEE 754 and ONNX have it. */
  round: { inputs: Unary; attributes: None };
  isNaN: { inputs: Unary; attributes: None };
  /** The value itself; derivatives stop here. */
  detach: { inputs: Unary; attributes: None };

  add: { inputs: Binary; attributes: None };
  subtract: { inputs: Binary; attributes: None };
  multiply: { inputs: Binary; attributes: None };
  divide: { inputs: Binary; attributes: None };
  /** The larger; at ties the derivative goes to the second. */
  maximum: { inputs: Binary; attributes: None };
  minimum: { inputs: Binary; attributes: None };
  greater: { inputs: Binary; attributes: None };
  equal: { inputs: Binary; attributes: None };
  /** select(condition, a, b): a where the condition is not 0, else b. */
  select: { inputs: readonly [Tensor, Tensor, Tensor]; attributes: None };

  /** op(a) op(b) over the last two axes, op transposing on request; leading axes are equal groups. */
  matMul: { inputs: Binary; attributes: { transposeA: boolean; transposeB: boolean } };

  sum: { inputs: Unary; attributes: { axes: readonly number[]; keepDims: boolean } };
  /** The largest value along an axis, which stays with size 1; at ties each of them takes the derivative. */
  max: { inputs: Unary; attributes: { axis: number } };
  /** Index of the largest value along an axis, which stays with size 1; the derivative is zero. */
  argMax: { inputs: Unary; attributes: { axis: number } };

  reshape: { inputs: Unary; attributes: { shape: Shape } };
  broadcastTo: { inputs: Unary; attributes: { shape: Shape } };
  transpose: { inputs: Unary; attributes: { permutation: readonly number[] } };
  concat: { inputs: readonly Tensor[]; attributes: { axis: number } };
  /** Elements start <= i < end along an axis. */
  slice: { inputs: Unary; attributes: { axis: number; start: number; end: number } };
  /** Zeros before and after along an axis: the derivative of slice. */
  pad: { inputs: Unary; attributes: { axis: number; before: number; after: number } };
  /** (table [n, ...], indices [b], whole numbers) -> [b, ...]. */
  gatherRows: { inputs: Binary; attributes: None };
  /** (updates [b, ...], indices [b]) -> [rows, ...], repeated indices added up: the derivative of gatherRows. */
  scatterRows: { inputs: Binary; attributes: { rows: number } };

  /**
   * Images are [b, channels, height, width], kernels [out, in, height, width]; zeros lie around the image. With the kernel not
   * turned over, as neural networks have it: (x [b, in, h, w], kernel) -> [b, out, h', w'], h' = (h + 2 padding - k) / stride + 1,
   * rounded down.
   */
  convolve: { inputs: Binary; attributes: Sliding };
  /** (g [b, out, h', w'], kernel) -> [b, in, h, w]: the transposed convolution, which is the derivative of convolve by its image. */
  convolveTransposed: { inputs: Binary; attributes: Sliding & { size: Extent } };
  /** (x [b, in, h, w], g [b, out, h', w']) -> [out, in, k, k]: the derivative of convolve by its kernel. */
  convolveKernel: { inputs: Binary; attributes: Sliding & { size: Extent } };
  /** The mean of each square of `factor` by `factor` pixels; the squares tile the image. */
  averagePool: { inputs: Unary; attributes: { factor: number } };
  /** Each pixel becomes `factor` by `factor` equal ones. */
  enlarge: { inputs: Unary; attributes: { factor: number } };
  /** Each channel by [1, 2, 1] / 4 along both axes, with zeros around it (Karras 2019, appendix C); it is its own derivative. */
  blur: { inputs: Unary; attributes: None };
}

export type Primitive = keyof Primitives;

/** A symbolic tensor: one application of a primitive. Tensors are immutable and compared by identity. */
export interface Tensor<P extends Primitive = Primitive> {
  readonly primitive: P;
  readonly inputs: Primitives[P]['inputs'];
  readonly attributes: Primitives[P]['attributes'];
  readonly shape: Shape;
}

/** One entry for each primitive; never `Partial`, never a default. */
export type PrimitiveTable<Arguments extends readonly unknown[], Result> = {
  readonly [P in Primitive]: (tensor: Tensor<P>, ...rest: Arguments) => Result;
};

/** Looks up a tensor's row in a table and applies it. */
export function applyRule<Arguments extends readonly unknown[], Result>(
  table: PrimitiveTable<Arguments, Result>,
  tensor: Tensor,
  ...rest: Arguments
): Result {
  // The table guarantees that the row fits the tensor's primitive; TypeScript cannot see that correlation.
  const rule = table[tensor.primitive] as (tensor: Tensor, ...rest: Arguments) => Result;
  return rule(tensor, ...rest);
}

/** Applies a primitive; the shape table refuses operands that do not fit. */
export function createTensor<P extends Primitive>(
  primitive: P,
  inputs: Primitives[P]['inputs'],
  attributes: Primitives[P]['attributes'],
): Tensor<P> {
  const untyped: Tensor<P> = { primitive, inputs, attributes, shape: [] };
  return { ...untyped, shape: applyRule(shapeRules, untyped as Tensor) };
}

/** The tensor over other operands; itself where they are the same, so that inputs keep their identity. */
export function withInputs(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  const operands: readonly Tensor[] = tensor.inputs;
  if (operands.every((operand, index) => operand === inputs[index])) return tensor;
  return createTensor(tensor.primitive, inputs as Tensor['inputs'], tensor.attributes);
}
