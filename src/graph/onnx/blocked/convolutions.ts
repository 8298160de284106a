import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { Emitted } from '../names.ts';
import {
  blockedImage,
  blockedNode,
  blockedRows,
  inBlocks,
  mayComeOut,
  plainImage,
  reshaped,
  UNGROUPED,
  wholeBlocks,
} from './forms.ts';

type Kernel = readonly [out: number, into: number, height: number, width: number];

/** Whether an image of so many channels may go in: in blocks, or as it is where it has less than one. */
const mayGoIn = (channels: number, block: number): boolean => channels < block || channels % block === 0;

export const isConvolvedInBlocks = (kernel: Tensor, block: number): boolean => {
  const [out, into, ...size] = kernel.shape as Kernel;
  return mayComeOut(out, size, block) && mayGoIn(into, block);
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
  const pads = around(padding, padding);
  const name = slide({ x, filter, kernel: [out, into, height, width], pads, stride, block, after }, to);
  // What is no whole blocks comes out plain at once, without the zeros behind, which what follows would compute on.
  return out % block === 0 ? inBlocks(name, out) : plainImage(name, out, to);
}

export function convolveTurnedInBlocks(
  { inputs: [y, kernel], attributes: { padding } }: Tensor<'convolveTransposed'>,
  block: number,
  to: Builder,
): Emitted {
  const [out, into, height, width] = kernel.shape as Kernel;
  const filter = to.formOf(kernel, 'turned filter', (there) => turnedFilterOf(kernel, block, there));
  const pads = around(height - 1 - padding, width - 1 - padding);
  return inBlocks(
    slide({ x: y, filter, kernel: [into, out, height, width], pads, stride: 1, block, after: {} }, to),
    into,
  );
}

const around = (rows: number, columns: number): Slide['pads'] => [rows, columns, rows, columns];

interface Slide {
  readonly x: Tensor;
  readonly filter: string;
  readonly kernel: Kernel;
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  readonly stride: number;
  readonly block: number;
  readonly after: After;
}

/** [b, out, h', w'] in blocks. */
export function slide({ x, filter, kernel, pads, stride, block, after: { bias, slope } }: Slide, to: Builder): string {
  const [out, into, ...size] = kernel;
  const image = into < block ? to.nameOf(x) : blockedImage(x, to);
  const operands = bias === undefined ? [image, filter] : [image, filter, biasOf(bias, out, block, to)];
  return blockedNode(to, 'Conv', operands, {
    ...{ kernel_shape: size, pads, strides: [stride, stride], ...UNGROUPED },
    ...(slope !== undefined && { activation: { text: 'LeakyRelu' }, activation_params: { floats: [slope] } }),
  });
}

function biasOf(bias: Tensor, out: number, block: number, to: Builder): string {
  const flat = reshaped(to.nameOf(bias), [out], to);
  const rest = wholeBlocks(out, block) - out;
  return rest === 0 ? flat : to.node('Pad', [flat, to.integers([0, rest])]);
}

/** [out, in, k, k] in memory [out / block, in / block, k, k, block in, block out]; channels that come in and are less than a block stay one. */
function filterOf(kernel: Tensor, block: number, to: Builder): string {
  const [out, into, ...size] = kernel.shape as Kernel;
  const pixels = size[0] * size[1];
  const whole = into < block ? to.nameOf(kernel) : blockedRows(to.nameOf(kernel), [out, into, pixels], to);
  return reshaped(blockedRows(whole, [1, out, into * pixels], to), [wholeBlocks(out, block), into, ...size], to);
}

/** The same of the kernel that the derivative by the image slides: channels out for channels in, and its pixels turned over. */
function turnedFilterOf(kernel: Tensor, block: number, to: Builder): string {
  const [out, into, height, width] = kernel.shape as Kernel;
  const last = height * width - 1;
  const pixels = Array.from({ length: last + 1 }, (_, at) => last - at);
  return reshaped(turnedPixels(kernel, pixels, block, to), [into, out, height, width], to);
}

/** Such a filter of some of the kernel's pixels, in their order. */
export function turnedPixels(kernel: Tensor, pixels: readonly number[], block: number, to: Builder): string {
  const [out, into, height, width] = kernel.shape as Kernel;
  const all = height * width;
  const [side, blocks] = out < block ? [1, out] : [block, out / block];
  const parts = to.formOf(kernel, 'pixels', (there) => {
    const whole = out < block ? there.nameOf(kernel) : blockedRows(there.nameOf(kernel), [1, out, into * all], there);
    const cut = blockedRows(whole, [(blocks * into) / block, block, all * side], there); // [out, in, k k, block out, block in]
    return reshaped(cut, [(blocks * into * all) / block, side * block], there);
  });
  const order = Array.from({ length: into / block }, (_, from) =>
    Array.from({ length: blocks }, (_, by) => pixels.map((pixel) => (by * (into / block) + from) * all + pixel)),
  ).flat(2);
  return to.node('Gather', [parts, to.integers(order)], { axis: 0 });
}
