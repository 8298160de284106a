import type { PrimitiveTable, Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';
import type { Emitted } from './names.ts';

type ImagePrimitive = 'convolve' | 'convolveTransposed' | 'convolveKernel' | 'averagePool' | 'enlarge' | 'blur';

const square = (value: number): [number, number] => [value, value];

/** How ONNX says what works on images. */
export const imageRules: Pick<PrimitiveTable<[Builder], Emitted>, ImagePrimitive> = {
  convolve: (tensor, to) => to.dialect.convolve(tensor, to),
  convolveTransposed: (tensor, to) => to.dialect.convolveTransposed(tensor, to),
  convolveKernel: (tensor, to) => to.dialect.convolveKernel(tensor, to),
  averagePool: ({ inputs: [x], attributes: { factor } }, to) =>
    to.node('AveragePool', [to.nameOf(x)], { kernel_shape: square(factor), strides: square(factor) }),
  enlarge: ({ inputs: [x], attributes: { factor } }, to) => emitEnlarge(x, factor, to),
  blur: ({ inputs: [x] }, to) => emitBlur(x, to),
};

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
  return to.node('Conv', [to.nameOf(x), kernel], { group: channels, pads: [1, 1, 1, 1] });
}
