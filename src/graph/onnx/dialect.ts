import type { Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';
import type { Fusions, Order } from './fusions.ts';
import type { Emitted } from './names.ts';
import { emitConvolution, emitTransposedConvolution } from './convolutions.ts';
import { emitKernelGradient } from './kernel-gradient.ts';

/** How a few primitives are said where an engine's own operator is wrong or too coarse. */
export interface Dialect {
  readonly sin: (x: string, to: Builder) => string;
  readonly cos: (x: string, to: Builder) => string;
  readonly convolve: (tensor: Tensor<'convolve'>, to: Builder) => Emitted;
  readonly convolveTransposed: (tensor: Tensor<'convolveTransposed'>, to: Builder) => Emitted;
  readonly convolveKernel: (tensor: Tensor<'convolveKernel'>, to: Builder) => Emitted;
  /** What is one operator there and several primitives here, beside ONNX's Gemm. */
  readonly fuse: (of: Order) => Fusions;
  /** A value computed in a form of the engine's own, where its operands are there in it; else undefined, and its rule holds. */
  readonly inOwnForm: (tensor: Tensor, to: Builder) => Emitted | undefined;
}

/** ONNX as every engine reads it: what files are written in. */
export const PORTABLE: Dialect = {
  sin: (x, to) => to.node('Sin', [x]),
  cos: (x, to) => to.node('Cos', [x]),
  convolve: (tensor, to) => emitConvolution(tensor, to),
  convolveTransposed: emitTransposedConvolution,
  convolveKernel: emitKernelGradient,
  fuse: () => new Map(),
  inOwnForm: () => undefined,
};

/**
 * For ONNX Runtime's WebGPU provider, 1.30. Its sine is WGSL's, which may be wrong by 2^-11; and its convolution by kernels of 3 x 3 is
 * wrong where the channels that come in are more than 3 and no multiple of 4, and those that go out are one (a known fault,
 * github.com/microsoft/onnxruntime/issues/29651; found here by a StyleGAN's critic, whose last convolution takes 32 + 1).
 */
export const WEBGPU_DIALECT: Dialect = {
  ...PORTABLE,
  sin: (x, to) => emitWave(x, 0, 1, to),
  cos: (x, to) => emitWave(x, 0.5, -1, to),
  convolve: (tensor, to) => {
    const channels = Number(tensor.inputs[0].shape[1]);
    const more = channels > 3 ? (4 - (channels % 4)) % 4 : 0;
    if (more === 0) return emitConvolution(tensor, to);
    const pads = to.integers([0, 0, 0, 0, 0, more, 0, 0]);
    const operands = tensor.inputs.map((operand) => to.node('Pad', [to.nameOf(operand), pads]));
    return emitConvolution(tensor, to, operands);
  },
};

/** pi in two parts, the first with few enough bits that a whole multiple of it is exact in float32. */
const PI = [3.140625, Math.PI - 3.140625] as const;
/** sin(r) = r + r^3 (s3 + r^2 (s5 + ...)) by Taylor: its error on |r| <= pi/2 is below 6e-8. */
const TAYLOR = [-1 / 6, 1 / 120, -1 / 5040, 1 / 362_880, -1 / 39_916_800];

/**
 * sin(x) = sign (-1)^n sin(x - (n + shift) pi), with n so that what is left is within pi/2 of 0: shift 0 and sign 1 for the sine, shift
 * 1/2 and sign -1 for the cosine.
 */
function emitWave(x: string, shift: number, sign: number, to: Builder): string {
  const value = (number: number): string => to.floats(Float32Array.of(number), []);
  const multiply = (a: string, b: string): string => to.node('Mul', [a, b]);
  const turns = to.node('Floor', [to.node('Add', [multiply(x, value(1 / Math.PI)), value(0.5 - shift)])]);
  const centre = shift === 0 ? turns : to.node('Add', [turns, value(shift)]);
  const near = to.node('Sub', [x, multiply(centre, value(PI[0]))]);
  const rest = to.node('Sub', [near, multiply(centre, value(PI[1]))]);
  const square = multiply(rest, rest);
  const series = TAYLOR.reduceRight<string | undefined>(
    (sum, term) => (sum === undefined ? value(term) : to.node('Add', [multiply(sum, square), value(term)])),
    undefined,
  );
  const sine = to.node('Add', [multiply(multiply(rest, square), series!), rest]);
  // 1 for an even number of half turns, -1 for an odd one.
  const half = to.node('Floor', [multiply(turns, value(0.5))]);
  const isOdd = to.node('Sub', [turns, multiply(half, value(2))]);
  return multiply(sine, to.node('Add', [multiply(isOdd, value(-2 * sign)), value(sign)]));
}
