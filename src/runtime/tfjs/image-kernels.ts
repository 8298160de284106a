import type { PrimitiveTable } from '../../graph/tensor.ts';
import type { KernelArguments } from './kernels.ts';
import type { Tf, TfTensor } from './load.ts';

type ImagePrimitive = 'convolve' | 'convolveTransposed' | 'convolveKernel' | 'averagePool' | 'enlarge' | 'blur';
type Image = ReturnType<Tf['tensor4d']>;

/** Channels last, as all backends of TF.js have them. */
const channelsLast = (tf: Tf, x: TfTensor): Image => tf.transpose(x, [0, 2, 3, 1]) as unknown as Image;
const channelsSecond = (tf: Tf, x: TfTensor): TfTensor => tf.transpose(x, [0, 3, 1, 2]);

/** Zeros around, put there first: with a number for padding TF.js takes every kernel for a square. */
const surround = (tf: Tf, x: Image, padding: number): Image =>
  padding === 0 ? x : tf.pad(x, [none, [padding, padding], [padding, padding], none]);
const none: [number, number] = [0, 0];

/** How TF.js says what works on images. */
export const imageKernels: Pick<PrimitiveTable<[KernelArguments], TfTensor>, ImagePrimitive> = {
  convolve: ({ attributes: { stride, padding } }, { tf, operands: [x, kernel] }) => {
    const filter = tf.transpose(kernel!, [2, 3, 1, 0]) as unknown as Image;
    return channelsSecond(tf, tf.conv2d(surround(tf, channelsLast(tf, x!), padding), filter, stride, 'valid'));
  },
  convolveTransposed: ({ attributes: { stride, padding, size } }, { tf, operands: [y, kernel] }) => {
    const filter = tf.transpose(kernel!, [2, 3, 1, 0]) as unknown as Image;
    const [batch, channels] = [y!.shape[0], kernel!.shape[1]!];
    const whole: [number, number, number, number] = [batch, size[0] + 2 * padding, size[1] + 2 * padding, channels];
    const spread = tf.conv2dTranspose(channelsLast(tf, y!), filter, whole, stride, 'valid');
    return channelsSecond(tf, tf.slice(spread, [0, padding, padding, 0], [batch, ...size, channels]));
  },
  // Channels stand for the batch, and the other image is the filter, its pixels as far apart as the strides.
  convolveKernel: ({ attributes: { stride, padding, size } }, { tf, operands: [x, y] }) => {
    const image = tf.transpose(x!, [1, 2, 3, 0]) as unknown as Image;
    const filter = tf.transpose(y!, [2, 3, 0, 1]) as unknown as Image;
    const product = tf.conv2d(surround(tf, image, padding), filter, 1, 'valid', 'NHWC', stride);
    const kernel = tf.slice(product, [0, 0, 0, 0], [x!.shape[1]!, ...size, y!.shape[1]!]);
    return tf.transpose(kernel, [3, 0, 1, 2]);
  },
  averagePool: ({ attributes: { factor } }, { tf, operands: [x] }) =>
    channelsSecond(tf, tf.avgPool(channelsLast(tf, x!), factor, factor, 'valid')),
  enlarge: ({ shape, attributes: { factor } }, { tf, operands: [x] }) => {
    const size: [number, number] = [Number(shape[2]), Number(shape[3])];
    return factor === 1 ? x!.clone() : channelsSecond(tf, tf.image.resizeNearestNeighbor(channelsLast(tf, x!), size));
  },
  blur: ({ shape }, { tf, operands: [x] }) => {
    const channels = Number(shape[1]);
    const weights = [1, 2, 1].flatMap((a) => [1, 2, 1].flatMap((b) => Array<number>(channels).fill((a * b) / 16)));
    const filter = tf.tensor4d(weights, [3, 3, channels, 1]);
    return channelsSecond(tf, tf.depthwiseConv2d(channelsLast(tf, x!), filter, 1, 'same'));
  },
};
