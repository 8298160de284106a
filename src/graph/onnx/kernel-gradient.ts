import type { Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';

type KernelGradient = Tensor<'convolveKernel'>;

/** The derivative of a convolution by its kernel, [out, in, k, k], which ONNX has no operator for: in two forms. */
export const KERNEL_FORMS = {
  /** A matrix product for each pixel of the kernel, over the part of the image that lies under it; for a stride of 1. */
  shifted: (tensor, to) => {
    const { inputs, attributes, shape } = tensor;
    const [x, y] = inputs;
    const [out, into] = [Number(shape[0]), Number(shape[1])];
    const channelsLast = (image: Tensor): string => to.node('Transpose', [to.nameOf(image)], { perm: [0, 2, 3, 1] });
    const image = surround(channelsLast(x), attributes.padding, to); // [b, h, w, in]
    const places = to.node('Reshape', [channelsLast(y), to.integers([-1, out])]);
    const products = pixelsOf(attributes.size).map((pixel) => {
      const part = to.node('Reshape', [partUnder(image, pixel, y, to), to.integers([-1, into])]);
      return to.node('Gemm', [places, part], { transA: 1 }); // [out, in]
    });
    const joined = products.length === 1 ? products[0]! : to.node('Concat', products, { axis: 1 });
    const kernel = to.node('Reshape', [joined, to.integers([out, ...attributes.size, into])]);
    return to.node('Transpose', [kernel], { perm: [0, 3, 1, 2] });
  },
  /** Image and derivative change channels for batch: a convolution of one by the other, its pixels as far apart as the strides. */
  convolution: ({ inputs: [x, y], attributes: { stride, padding, size } }, to) => {
    const turned = (image: Tensor): string => to.node('Transpose', [to.nameOf(image)], { perm: [1, 0, 2, 3] });
    const product = to.node('Conv', [turned(x), turned(y)], {
      dilations: [stride, stride],
      pads: [padding, padding, padding, padding],
    }); // [in, out, >= k, >= k]
    const kernel = to.node('Slice', [product, to.integers([0, 0]), to.integers([...size]), to.integers([2, 3])]);
    return to.node('Transpose', [kernel], { perm: [1, 0, 2, 3] });
  },
} as const satisfies Record<string, (tensor: KernelGradient, to: Builder) => string>;
export type KernelForm = keyof typeof KERNEL_FORMS;

export const emitKernelGradient = (tensor: KernelGradient, to: Builder): string =>
  KERNEL_FORMS[fastestForm(tensor)](tensor, to);

/**
 * Products over shifted parts are faster, by up to twice, but for strides, by which the parts are scattered, and for a kernel
 * that has one place only, as each product is then a handful of rows. Measured by `npm run bench:conv` (docs/bench-conv.md).
 */
export function fastestForm({ inputs: [, y], attributes: { stride } }: KernelGradient): KernelForm {
  return stride > 1 || (y.shape[2] === 1 && y.shape[3] === 1) ? 'convolution' : 'shifted';
}

function surround(image: string, padding: number, to: Builder): string {
  const zeros = to.integers([0, padding, padding, 0, 0, padding, padding, 0]);
  return padding === 0 ? image : to.node('Pad', [image, zeros]);
}

/** What lies under a pixel of the kernel at all its places: [b, h', w', in]. */
function partUnder(image: string, [row, column]: readonly [number, number], y: Tensor, to: Builder): string {
  const ends = to.integers([row + Number(y.shape[2]), column + Number(y.shape[3])]);
  return to.node('Slice', [image, to.integers([row, column]), ends, to.integers([1, 2])]);
}

const pixelsOf = ([height, width]: readonly [number, number]): [number, number][] =>
  Array.from({ length: height * width }, (_, at) => [Math.floor(at / width), at % width]);
