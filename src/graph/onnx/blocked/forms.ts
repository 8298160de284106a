import type { Extent, Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { NodeAttribute } from '../model.ts';
import type { InForm } from '../names.ts';

/**
 * The orders of elements that ONNX Runtime's own operators on a CPU want (domain com.microsoft.nchwc, version 1), of which ONNX
 * knows nothing: channels, or what stands in their place, in blocks, a block's channels side by side. To ONNX their shapes stay what they were. How long
 * a block is, the processor says. The library has it so for constant kernels alone; those of a
 * training step are values, and are put in order in the graph.
 */
const DOMAIN = 'com.microsoft.nchwc';

export const blockedNode = (
  to: Builder,
  operator: string,
  inputs: readonly string[],
  attributes: Record<string, NodeAttribute> = {},
): string => to.node(operator, inputs, attributes, DOMAIN);

/** Image [b, c, h, w], c in whole blocks, in memory [b, c / block, h, w, block]. */
export const BLOCKED = 'blocked';

export const blockedImage = (x: Tensor, to: Builder): string =>
  to.formOf(x, BLOCKED, (there) => blockedNode(there, 'ReorderInput', [there.nameOf(x)]));

/** What a blocked operator answers with: [b, channels, h, w]. */
export const inBlocks = (name: string, channels: number): InForm => ({
  form: BLOCKED,
  name,
  toPlain: (to) => plainImage(name, channels, to),
});

export const plainImage = (name: string, channels: number, to: Builder): string =>
  blockedNode(to, 'ReorderOutput', [name], { channels });

/** Channels with the zeros behind them that make them whole blocks. */
export const wholeBlocks = (channels: number, block: number): number => Math.ceil(channels / block) * block;

/**
 * Whether so many channels that a kernel of this size gives are worth blocks: whole ones, or of more than a pixel and the last one half full, with zeros behind. The library's
 * reorderings lay these, and leave them out again, where channels are counted by fours.
 */
export const mayComeOut = (channels: number, [height, width]: Extent, block: number): boolean => {
  const rest = channels % block;
  return rest === 0 || (height * width > 1 && rest % 4 === 0 && 2 * rest >= block);
};

export const reshaped = (name: string, shape: readonly number[], to: Builder): string =>
  to.node('Reshape', [name, to.integers(shape)]);

/**
 * Any value seen as [groups, rows, columns], in memory [groups, rows / block, columns, block], rows rounded up to whole blocks by zeros. A transposition by the library's own reordering of
 * images, by vectors: its Transpose of more than two axes goes number by number, and takes five times as long.
 */
export const blockedRows = (
  name: string,
  [groups, rows, columns]: readonly [groups: number, rows: number, columns: number],
  to: Builder,
): string => blockedNode(to, 'ReorderInput', [reshaped(name, [groups, rows, 1, columns], to)]);

/** Any value seen as [groups, rows, columns, block], in memory [groups, columns, rows, block]. */
export const blockedColumns = (
  name: string,
  [groups, rows, columns]: readonly [groups: number, rows: number, columns: number],
  block: number,
  to: Builder,
): string =>
  blockedNode(to, 'ReorderInput', [reshaped(name, [groups, rows, 1, columns * block], to)], { channels_last: 1 });

export const UNGROUPED = { dilations: [1, 1], group: 1 };

type Image = readonly [batch: number, channels: number, height: number, width: number];

/** Whether a derivative by the kernel goes in blocks: those of y are nearly whole, and those of x whole, or less than one. */
export const areWhole = (
  { inputs: [x, y], attributes: { size } }: Tensor<'convolveKernel'>,
  block: number,
): boolean => {
  const [[batch, channels], [, out]] = [x.shape as Image, y.shape as Image];
  return typeof batch === 'number' && mayComeOut(out, size, block) && (channels < block || channels % block === 0);
};

/** Image [b, c, h, w] in blocks with zeros behind the last channel: a form of its own, on which nothing else computes. */
const FILLED = 'blocked, filled up';

export const filledImage = (y: Tensor, block: number, to: Builder): string =>
  Number(y.shape[1]) % block === 0
    ? blockedImage(y, to)
    : to.formOf(y, FILLED, (there) => blockedNode(there, 'ReorderInput', [there.nameOf(y)]));

/** [b, c, h, w] in memory [c / block, b, h, w, block], c rounded up to whole blocks. */
export function channelsFirst(y: Tensor, block: number, to: Builder): string {
  const [batch, channels, height, width] = y.shape as Image;
  const whole = filledImage(y, block, to);
  const blocks = wholeBlocks(channels, block) / block;
  if (blocks === 1) return whole;
  return to.node('Transpose', [reshaped(whole, [batch, blocks, height * width * block], to)], { perm: [1, 0, 2] });
}
