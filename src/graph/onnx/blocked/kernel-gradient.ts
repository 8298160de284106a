import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import { blockedImage, blockedNode, plainImage } from './forms.ts';

type KernelGradient = Tensor<'convolveKernel'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/** Of whole blocks of images, to whole blocks of channels, and where each column of the kernel meets the image somewhere. */
export function isKernelInBlocks(tensor: KernelGradient, block: number): boolean {
  const [batch, out] = [tensor.inputs[0].shape[0]!, Number(tensor.inputs[1].shape[1])];
  if (typeof batch !== 'number' || batch % block !== 0 || out % block !== 0) return false;
  return columnsOf(tensor).every(({ count }) => count > 0);
}

/**
 * The derivative of a convolution by its kernel, [out, in, k, k], as one of ONNX Runtime's own convolutions for each column of the kernel.
 * Its image is [1, w b, h, in] in blocks of images, its filter, out of the derivative, [out, w' b, h', 1]: columns and images stand in the
 * place of channels and are summed over, rows slide along the filter, and the answer [1, out, k, in] is a column of the kernel for
 * all channels. What lies under another column of the kernel is then a slice of whole columns, which lie together.
 */
export function kernelInBlocks(tensor: KernelGradient, block: number, to: Builder): string {
  const [x, y] = tensor.inputs;
  const { size, padding, stride } = tensor.attributes;
  const [[batch, into, height, width], [, out, rows, places]] = [x.shape as Image, y.shape as Image];
  const [image, filter] = [imageByColumns(x, block, to), filterByColumns(y, block, to)];
  const columns = columnsOf(tensor).map(({ first, count, start }) => {
    const under = count === width ? image : slice(image, 0, [start, start + (count - 1) * stride + 1, stride], to);
    const over = count === places ? filter : slice(filter, 1, [first, first + count, 1], to);
    const operands = [
      to.node('Reshape', [under, to.integers([1, count * batch, height, into])]),
      to.node('Reshape', [over, to.integers([out, count * batch, rows, 1])]),
    ];
    const product = blockedNode(to, 'Conv', operands, {
      ...{ kernel_shape: [rows, 1], pads: [padding, 0, padding, 0] },
      ...{ strides: [1, 1], dilations: [stride, 1], group: 1 },
    });
    return plainImage(product, out, to); // [1, out, >= k, in]
  });
  const joined = columns.length === 1 ? columns[0]! : to.node('Concat', columns, { axis: 0 });
  const kernel = slice(joined, 2, [0, size[0], 1], to);
  return to.node('Transpose', [kernel], { perm: [1, 3, 2, 0] });
}

interface Column {
  /** The first of the kernel's places that has this column of it inside the image, and how many have. */
  readonly first: number;
  readonly count: number;
  /** The column of the image under it there. */
  readonly start: number;
}

function columnsOf({ inputs: [x, y], attributes: { size, padding, stride } }: KernelGradient): Column[] {
  const [width, places] = [Number(x.shape[3]), Number(y.shape[3])];
  return Array.from({ length: size[1] }, (_, column) => {
    const offset = column - padding;
    const first = Math.max(0, Math.ceil(-offset / stride));
    const last = Math.min(places - 1, Math.floor((width - 1 - offset) / stride));
    return { first, count: last - first + 1, start: first * stride + offset };
  });
}

/** [b, c, h, w] in memory [w, b / block, h, c, block]: to ONNX a row for each column. */
function imageByColumns(x: Tensor, block: number, to: Builder): string {
  const [batch, channels, height, width] = x.shape as Image;
  return to.formOf(x, 'columns', (there) => {
    const asChannels = there.integers([batch / block, block, channels * height, width]);
    const inner = blockedNode(there, 'ReorderInput', [there.node('Reshape', [there.nameOf(x), asChannels])]);
    const parts = there.node('Reshape', [inner, there.integers([batch / block, channels, height, width, block])]);
    const ordered = there.node('Transpose', [parts], { perm: [3, 0, 2, 1, 4] });
    return there.node('Reshape', [ordered, there.integers([width, -1])]);
  });
}

/** [b, c, h, w] in memory [c / block, w, b / block, h, block b, block c]: to ONNX a row for each column of a block of channels. */
function filterByColumns(y: Tensor, block: number, to: Builder): string {
  const [batch, channels, height, width] = y.shape as Image;
  return to.formOf(y, 'filter of columns', (there) => {
    const parts = [batch / block, block, channels / block, height, width, block];
    const cut = there.node('Reshape', [blockedImage(y, there), there.integers(parts)]);
    const ordered = there.node('Transpose', [cut], { perm: [2, 4, 0, 3, 1, 5] });
    return there.node('Reshape', [ordered, there.integers([channels / block, width, -1])]);
  });
}

function slice(
  value: string,
  axis: number,
  [start, end, step]: readonly [number, number, number],
  to: Builder,
): string {
  return to.node('Slice', [value, ...[start, end, axis, step].map((each) => to.integers([each]))]);
}
