import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { Emitted } from '../names.ts';
import { blockedImage, blockedNode, inBlocks, turned } from './forms.ts';

type Kernel = readonly [out: number, into: number, height: number, width: number];

/** Whether an image of so many channels may go in: in blocks, or as it is where it has less than one. */
const mayGoIn = (channels: number, block: number): boolean => channels < block || channels % block === 0;

export const isConvolvedInBlocks = (kernel: Tensor, block: number): boolean => {
  const [out, into] = kernel.shape as Kernel;
  return out % block === 0 && mayGoIn(into, block);
};

/** The derivative by the image is, for a stride of 1, a convolution by the kernel turned over. */
export const isTurnedInBlocks = ({ inputs: [, kernel], attributes }: Tensor<'convolveTransposed'>, block: number) => {
  const [out, into, height, width] = kernel.shape as Kernel;
  const isAround = attributes.padding < Math.min(height, width);
  return attributes.stride === 1 && isAround && into % block === 0 && mayGoIn(out, block);
};

export function convolveInBlocks(
  { inputs: [x, kernel], attributes: { stride, padding } }: Tensor<'convolve'>,
  block: number,
  to: Builder,
): Emitted {
  const [out, into, height, width] = kernel.shape as Kernel;
  const filter = to.formOf(kernel, 'filter', (there) => {
    const [from, order] = cutChannels([out, into, height, width], block);
    return turned(there.nameOf(kernel), { from, order, to: [out, into, height, width] }, there);
  });
  return slide({ x, filter, kernel: [out, into, height, width], pads: [padding, padding], stride, block }, to);
}

export function convolveTurnedInBlocks(
  { inputs: [y, kernel], attributes: { padding } }: Tensor<'convolveTransposed'>,
  block: number,
  to: Builder,
): Emitted {
  const [out, into, height, width] = kernel.shape as Kernel;
  const filter = to.formOf(kernel, 'turned filter', (there) => {
    const over = turnedOver(there.nameOf(kernel), height * width, there);
    const swapped = there.node('Transpose', [over], { perm: [1, 0, 2, 3] });
    const [from, order] = cutChannels([into, out, height, width], block);
    return turned(swapped, { from, order, to: [into, out, height, width] }, there);
  });
  const pads = [height - 1 - padding, width - 1 - padding] as const;
  return slide({ x: y, filter, kernel: [into, out, height, width], pads, stride: 1, block }, to);
}

interface Slide {
  readonly x: Tensor;
  readonly filter: string;
  readonly kernel: Kernel;
  readonly pads: readonly [rows: number, columns: number];
  readonly stride: number;
  readonly block: number;
}

function slide({ x, filter, kernel: [out, into, ...size], pads, stride, block }: Slide, to: Builder): Emitted {
  const image = into < block ? to.nameOf(x) : blockedImage(x, to);
  const attributes = { kernel_shape: size, pads: [...pads, ...pads], strides: [stride, stride], ...UNGROUPED };
  return inBlocks(blockedNode(to, 'Conv', [image, filter], attributes), out);
}

export const UNGROUPED = { dilations: [1, 1], group: 1 };

/** [out, in, k, k] in memory [out / block, in / block, k, k, block in, block out]; channels that come in and are less than a block stay one. */
function cutChannels([out, into, ...size]: Kernel, block: number): [from: number[], order: number[]] {
  return into < block
    ? [
        [out / block, block, into, ...size],
        [0, 2, 3, 4, 1],
      ]
    : [
        [out / block, block, into / block, block, ...size],
        [0, 2, 4, 5, 3, 1],
      ];
}

function turnedOver(kernel: string, pixels: number, to: Builder): string {
  if (pixels === 1) return kernel;
  const [last, beforeFirst] = [to.integers([-1, -1]), to.integers([-(2 ** 31), -(2 ** 31)])];
  return to.node('Slice', [kernel, last, beforeFirst, to.integers([2, 3]), to.integers([-1, -1])]);
}
