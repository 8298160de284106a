import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { NodeAttribute } from '../model.ts';
import type { InForm } from '../names.ts';

/**
 * The orders of elements that ONNX Runtime's own convolutions on a CPU want (domain com.microsoft.nchwc, version 1), of which ONNX
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
const BLOCKED = 'blocked';

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

/** Axes cut into parts, put in another order, and counted as another shape; all of it constant. */
export interface Turn {
  readonly from: readonly number[];
  readonly order: readonly number[];
  readonly to: readonly number[];
}

export function turned(name: string, turn: Turn, to: Builder): string {
  const parts = to.node('Reshape', [name, to.integers(turn.from)]);
  const ordered = to.node('Transpose', [parts], { perm: turn.order });
  return to.node('Reshape', [ordered, to.integers(turn.to)]);
}
