import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import {
  areWhole,
  blockedImage,
  blockedNode,
  blockedRows,
  channelsFirst,
  plainImage,
  reshaped,
  UNGROUPED,
} from './forms.ts';

type KernelGradient = Tensor<'convolveKernel'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/** Whether the kernel is one pixel, which meets each pixel of the image once. */
export const isOfPixels = (tensor: KernelGradient, block: number): boolean => {
  const {
    inputs: [x],
    attributes: { size, padding, stride },
  } = tensor;
  const pixels = Number(x.shape[2]) * Number(x.shape[3]);
  return size[0] * size[1] === 1 && padding === 0 && stride === 1 && pixels % block === 0 && areWhole(tensor, block);
};

/** Then the pixels of all images stand in the place of channels, and the derivative in blocks is the filter as it is. */
export function kernelOfPixels({ inputs: [x, y] }: KernelGradient, block: number, to: Builder): string {
  const [[batch, channels, height, width], out] = [x.shape as Image, Number(y.shape[1])];
  const pixels = height * width;
  const all = batch * pixels;
  const image = to.formOf(x, 'pixels', (there) => {
    if (channels < block) {
      const rows = reshaped(there.nameOf(x), [batch, channels, pixels / block, block], there);
      return reshaped(there.node('Transpose', [rows], { perm: [0, 2, 1, 3] }), [1, all, 1, channels], there);
    }
    const parts = channels / block;
    const squares = blockedRows(blockedImage(x, there), [(all * parts) / block, block, block], there);
    if (parts === 1) return reshaped(squares, [1, all, 1, channels], there);
    const rows = reshaped(squares, [batch, parts, pixels / block, block ** 2], there);
    return reshaped(there.node('Transpose', [rows], { perm: [0, 2, 1, 3] }), [1, all, 1, channels], there);
  });
  const filter = reshaped(channelsFirst(y, block, to), [out, all, 1, 1], to);
  const product = blockedNode(to, 'Conv', [image, filter], {
    ...{ kernel_shape: [1, 1], pads: [0, 0, 0, 0], strides: [1, 1], ...UNGROUPED },
  });
  return reshaped(plainImage(product, out, to), [out, channels, 1, 1], to);
}
