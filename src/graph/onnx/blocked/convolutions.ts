import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { Emitted } from '../names.ts';
import { blockedImage, blockedNode, blockedRows, inBlocks, reshaped, UNGROUPED } from './forms.ts';

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

/** What is done to the result in the same pass. */
export interface After {
  /** [1, out, 1, 1]. */
  readonly bias?: Tensor;
  /** Of a leaky ReLU. */
  readonly slope?: number;
}

export function convolveInBlocks(
  { inputs: [x, kernel], attributes: { stride, padding } }: Tensor<'convolve'>,
  block: number,
  to: Builder,
  after: After = {},
): Emitted {
  const [out, into, height, width] = kernel.shape as Kernel;
  const filter = to.formOf(kernel, 'filter', (there) => filterOf(kernel, block, there));
  return slide({ x, filter, kernel: [out, into, height, width], pads: [padding, padding], stride, block, after }, to);
}

export function convolveTurnedInBlocks(
  { inputs: [y, kernel], attributes: { padding } }: Tensor<'convolveTransposed'>,
  block: number,
  to: Builder,
): Emitted {
  const [out, into, height, width] = kernel.shape as Kernel;
  const filter = to.formOf(kernel, 'turned filter', (there) => turnedFilterOf(kernel, block, there));
  const pads = [height - 1 - padding, width - 1 - padding] as const;
  return slide({ x: y, filter, kernel: [into, out, height, width], pads, stride: 1, block, after: {} }, to);
}

interface Slide {
  readonly x: Tensor;
  readonly filter: string;
  readonly kernel: Kernel;
  readonly pads: readonly [rows: number, columns: number];
  readonly stride: number;
  readonly block: number;
  readonly after: After;
}

function slide({ x, filter, kernel, pads, stride, block, after: { bias, slope } }: Slide, to: Builder): Emitted {
  const [out, into, ...size] = kernel;
  const image = into < block ? to.nameOf(x) : blockedImage(x, to);
  const operands = bias === undefined ? [image, filter] : [image, filter, reshaped(to.nameOf(bias), [out], to)];
  const name = blockedNode(to, 'Conv', operands, {
    ...{ kernel_shape: size, pads: [...pads, ...pads], strides: [stride, stride], ...UNGROUPED },
    ...(slope !== undefined && { activation: { text: 'LeakyRelu' }, activation_params: { floats: [slope] } }),
  });
  return inBlocks(name, out);
}

/** [out, in, k, k] in memory [out / block, in / block, k, k, block in, block out]; channels that come in and are less than a block stay one. */
function filterOf(kernel: Tensor, block: number, to: Builder): string {
  const [out, into, ...size] = kernel.shape as Kernel;
  const pixels = size[0] * size[1];
  const whole = into < block ? to.nameOf(kernel) : blockedRows(to.nameOf(kernel), [out, into, pixels], to);
  return reshaped(blockedRows(whole, [out / block, block, into * pixels], to), [out, into, ...size], to);
}

/** The same of the kernel that the derivative by the image slides: channels out for channels in, and its pixels turned over. */
function turnedFilterOf(kernel: Tensor, block: number, to: Builder): string {
  const [out, into, ...size] = kernel.shape as Kernel;
  const pixels = size[0] * size[1];
  const [side, blocks] = out < block ? [1, out] : [block, out / block];
  const whole = out < block ? to.nameOf(kernel) : blockedRows(to.nameOf(kernel), [1, out, into * pixels], to);
  const parts = blockedRows(whole, [(blocks * into) / block, block, pixels * side], to); // [out, in, k k, block out, block in]
  const order = Array.from({ length: (into / block) * blocks * pixels }, (_, at) => {
    const [from, rest] = [Math.floor(at / (blocks * pixels)), at % (blocks * pixels)];
    const [by, pixel] = [Math.floor(rest / pixels), rest % pixels];
    return (by * (into / block) + from) * pixels + pixels - 1 - pixel;
  });
  const turned = to.node('Gather', [reshaped(parts, [order.length, side * block], to), to.integers(order)], {
    axis: 0,
  });
  return reshaped(turned, [into, out, ...size], to);
}
