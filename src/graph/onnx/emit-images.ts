import type { Extent, PrimitiveTable, Sliding, Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';
import { emitKernelGradient } from './kernel-gradient.ts';

type ImagePrimitive = 'convolve' | 'convolveTransposed' | 'convolveKernel' | 'averagePool' | 'enlarge' | 'blur';

const square = (value: number): [number, number] => [value, value];
const around = (value: number): [number, number, number, number] => [value, value, value, value];

/** How ONNX says what works on images. */
export const imageRules: Pick<PrimitiveTable<[Builder], string>, ImagePrimitive> = {
  convolve: ({ inputs: [x, kernel], attributes: { stride, padding } }, to) =>
    to.node('Conv', to.dialect.convolved(x, kernel, to), { strides: square(stride), pads: around(padding) }),
  convolveTransposed: ({ inputs: [y, kernel], attributes }, to) =>
    to.node('ConvTranspose', [to.nameOf(y), to.nameOf(kernel)], {
      strides: square(attributes.stride),
      pads: around(attributes.padding),
      output_padding: unreached(attributes, y, kernel),
    }),
  convolveKernel: emitKernelGradient,
  averagePool: ({ inputs: [x], attributes: { factor } }, to) =>
    to.node('AveragePool', [to.nameOf(x)], { kernel_shape: square(factor), strides: square(factor) }),
  enlarge: ({ inputs: [x], attributes: { factor } }, to) => emitEnlarge(x, factor, to),
  blur: ({ inputs: [x] }, to) => emitBlur(x, to),
};

/** Pixels at the far ends of an image which no place of the kernel reaches, as strides are whole. */
function unreached({ stride, padding, size }: Sliding & { size: Extent }, y: Tensor, kernel: Tensor): [number, number] {
  const along = (axis: 0 | 1): number => {
    const [places, extent] = [Number(y.shape[2 + axis]), Number(kernel.shape[2 + axis])];
    return size[axis] - ((places - 1) * stride + extent - 2 * padding);
  };
  return [along(0), along(1)];
}

function emitEnlarge(x: Tensor, factor: number, to: Builder): string {
  const scales = to.floats(Float32Array.of(1, 1, factor, factor), [4]);
  return to.node('Resize', [to.nameOf(x), '', scales], {
    mode: { text: 'nearest' },
    coordinate_transformation_mode: { text: 'asymmetric' },
    nearest_mode: { text: 'floor' },
  });
}

/** [1, 2, 1] / 4 along both axes. */
export const BLUR = [1, 2, 1].flatMap((a) => [1, 2, 1].map((b) => (a * b) / 16));

function emitBlur(x: Tensor, to: Builder): string {
  const channels = Number(x.shape[1]);
  const kernel = to.floats(
    Float32Array.from({ length: channels * 9 }, (_, at) => BLUR[at % 9]!),
    [channels, 1, 3, 3],
  );
  return to.node('Conv', [to.nameOf(x), kernel], { group: channels, pads: around(1) });
}
