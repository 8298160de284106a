import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import { blockedColumns, blockedNode, channelsFirst, filledImage, plainImage, reshaped, wholeBlocks } from './forms.ts';
import { imageInStrips } from './image-in-strips.ts';
import { areImagesTogether, type Layout } from './strip-layout.ts';

type KernelGradient = Tensor<'convolveKernel'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/**
 * The derivative of a convolution by its kernel, [out, in, k, k], as one of ONNX Runtime's own convolutions. Images, or strips of
 * images, stand in the place of channels and are summed over; the derivative is the filter, and its places slide along the image in steps of
 * the kernel's pixels. Channels of the image lie along its rows, a block of them side by side for each pixel (all, where they are fewer), the other blocks
 * as rows of their own: so that a row of the answer is [k, block], long enough for the library's registers, where rows of k alone take three times as long.
 */
export function kernelInStrips(tensor: KernelGradient, layout: Layout, block: number, to: Builder): string {
  const [x, y] = tensor.inputs;
  const { size, stride } = tensor.attributes;
  const [channels, [, out, , across]] = [Number(x.shape[1]), y.shape as Image];
  const { side, parts, rows } = layout;
  const filter = filterInStrips(y, layout, block, to);
  const image = imageInStrips(tensor, layout, block, to);
  const product = blockedNode(to, 'Conv', [image, filter], {
    ...{ kernel_shape: [rows, across], pads: [0, 0, 0, 0], strides: [1, 1] },
    ...{ dilations: [parts * stride, side * stride], group: 1 },
  });
  const joined = reshaped(plainImage(product, out, to), [out, size[0], parts, size[1] * side], to);
  const ordered = parts === 1 ? joined : to.node('Transpose', [joined], { perm: [0, 2, 1, 3] });
  if (side === block) return plainImage(reshaped(ordered, [out, channels, ...size], to), channels, to);
  return to.node('Transpose', [reshaped(ordered, [out, ...size, channels], to)], { perm: [0, 3, 1, 2] });
}

/** [b, out, h', w'] in memory [out / block, b strips / block, rows, columns, block of strips, block out]: to ONNX [out, b strips, rows, columns]. */
function filterInStrips(y: Tensor, { strips, rows }: Layout, block: number, to: Builder): string {
  const [batch, out, places, across] = y.shape as Image;
  const whole = wholeBlocks(out, block);
  return to.formOf(y, `filter of ${strips}`, (there) => {
    const shape = [whole, batch * strips, rows, across];
    const [groups, blocks] = [batch / block, whole / block];
    if (!areImagesTogether(batch, block)) {
      const columns = [(blocks * batch * strips) / block, block, rows * across] as const;
      return reshaped(blockedColumns(channelsFirst(y, block, there), columns, block, there), shape, there);
    }
    const columns = [groups, block, blocks * places * across] as const;
    const turned = blockedColumns(filledImage(y, block, there), columns, block, there);
    if (groups === 1 || blocks === 1) return reshaped(turned, shape, there);
    const square = reshaped(turned, [groups, blocks, places * across * block ** 2], there);
    return reshaped(there.node('Transpose', [square], { perm: [1, 0, 2] }), shape, there);
  });
}
