import type { Extent, Sliding, Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';

const square = (value: number): [number, number] => [value, value];
const around = (value: number): [number, number, number, number] => [value, value, value, value];

/** A convolution by ONNX's operator; operands are the tensor's own, where none are given. */
export function emitConvolution(
  { inputs: [x, kernel], attributes: { stride, padding } }: Tensor<'convolve'>,
  to: Builder,
  operands: readonly string[] = [to.nameOf(x), to.nameOf(kernel)],
): string {
  return to.node('Conv', operands, { strides: square(stride), pads: around(padding) });
}

export function emitTransposedConvolution(
  { inputs: [y, kernel], attributes }: Tensor<'convolveTransposed'>,
  to: Builder,
): string {
  return to.node('ConvTranspose', [to.nameOf(y), to.nameOf(kernel)], {
    strides: square(attributes.stride),
    pads: around(attributes.padding),
    output_padding: unreached(attributes, y, kernel),
  });
}

/** Pixels at the far ends of an image which no place of the kernel reaches, as strides are whole. */
function unreached({ stride, padding, size }: Sliding & { size: Extent }, y: Tensor, kernel: Tensor): [number, number] {
  const along = (axis: 0 | 1): number => {
    const [places, extent] = [Number(y.shape[2 + axis]), Number(kernel.shape[2 + axis])];
    return size[axis] - ((places - 1) * stride + extent - 2 * padding);
  };
  return [along(0), along(1)];
}
