import * as op from '../operations.ts';
import type { Extent, Sliding, Tensor } from '../tensor.ts';
import { BLUR } from './emit-images.ts';
import type { Operator } from './node-forms.ts';
import { floats, type ReadNode, type Value } from './read-node.ts';

type ImageOperator = Extract<Operator, 'Conv' | 'ConvTranspose' | 'AveragePool' | 'Resize'>;

/** The operators on images that we write (emit-images.ts, kernel-gradient.ts). */
export const imageOperators: { readonly [O in ImageOperator]: (node: ReadNode) => Value } = {
  Conv: (node) => {
    const [x, kernel] = [node.tensor(0), node.tensor(1)];
    if (node.integer('group', 1) > 1) return readBlur(node, x, kernel);
    const dilation = square(node, 'dilations', 1);
    const sliding = slidingOf(node);
    if (dilation === 1) return floats(op.convolve(x, kernel, sliding));
    node.check(sliding.stride === 1, 'with strides or with dilations');
    return floats(readDilated(x, kernel, dilation, sliding.padding));
  },
  ConvTranspose: (node) => {
    const [y, kernel] = [node.tensor(0), node.tensor(1)];
    const sliding = slidingOf(node);
    const beyond = node.integers('output_padding', [0, 0]);
    const along = (axis: 0 | 1): number => {
      const [places, extent] = [Number(y.shape[2 + axis]), Number(kernel.shape[2 + axis])];
      return (places - 1) * sliding.stride + extent - 2 * sliding.padding + beyond[axis]!;
    };
    return floats(op.convolveTransposed(y, kernel, { ...sliding, size: [along(0), along(1)] }));
  },
  AveragePool: (node) => {
    const factor = square(node, 'kernel_shape', 1);
    node.check(square(node, 'strides', 1) === factor, 'over squares that tile the image');
    return floats(op.averagePool(node.tensor(0), factor));
  },
  Resize: (node) => {
    const [batch, channels, height, width] = node.constants(2);
    const isNearest =
      node.text('mode', 'nearest') === 'nearest' &&
      node.text('coordinate_transformation_mode', '') === 'asymmetric' &&
      node.text('nearest_mode', '') === 'floor';
    node.check(isNearest && batch === 1 && channels === 1 && height === width, 'as squares of equal pixels');
    return floats(op.enlarge(node.tensor(0), height!));
  },
};

/** One number for both axes, and for both sides of each. */
function square(node: ReadNode, name: string, otherwise: number): number {
  const [first = otherwise, ...others] = node.integers(name, []);
  node.check(
    others.every((each) => each === first),
    `with ${name} that are equal`,
  );
  return first;
}

function slidingOf(node: ReadNode): Sliding {
  return { stride: square(node, 'strides', 1), padding: square(node, 'pads', 0) };
}

function readBlur(node: ReadNode, x: Tensor, kernel: Tensor): Value {
  const { stride, padding } = slidingOf(node);
  const channels = node.integer('group', 1);
  const isEach = [channels, 1, 3, 3].every((length, axis) => kernel.shape[axis] === length) && x.shape[1] === channels;
  const isBlur = node.constants(1).every((value, at) => value === BLUR[at % BLUR.length]);
  const isPlain = padding === 1 && stride === 1 && square(node, 'dilations', 1) === 1;
  node.check(isEach && isBlur && isPlain, 'in groups where it blurs');
  return floats(op.blur(x));
}

/** A convolution with its kernel's pixels apart is the derivative by a kernel, batch and channels having changed places. */
function readDilated(x: Tensor, kernel: Tensor, stride: number, padding: number): Tensor {
  const turned = (image: Tensor): Tensor => op.transpose(image, [1, 0, 2, 3]);
  const along = (axis: 2 | 3): number =>
    Number(x.shape[axis]) + 2 * padding - stride * (Number(kernel.shape[axis]) - 1);
  const size: Extent = [along(2), along(3)];
  return turned(op.convolveKernel(turned(x), turned(kernel), { stride, padding, size }));
}
