import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import {
  areWhole,
  blockedColumns,
  blockedImage,
  blockedNode,
  blockedRows,
  channelsFirst,
  plainImage,
  reshaped,
} from './forms.ts';

type KernelGradient = Tensor<'convolveKernel'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/** How a derivative by the kernel is laid out. */
export interface Layout {
  /** Channels of the image side by side, and how many such parts it has. */
  readonly side: number;
  readonly parts: number;
  /** Strips that the derivative's rows are cut into, and rows of each. */
  readonly strips: number;
  readonly rows: number;
  /** Rows of the image under a strip, and columns under all places, zeros around it among them. */
  readonly under: number;
  readonly width: number;
}

/** Numbers of a strip that the convolution goes over again and again, with its image: they are to stay in a cache of 2 MB. */
const KEPT_NUMBERS = 320 * 1024;

/** Undefined where there is no layout in whole blocks. */
export function layOut({ inputs: [x, y], attributes }: KernelGradient, block: number): Layout | undefined {
  const [batch, channels] = x.shape as Image;
  const [, out, places, across] = y.shape as Image;
  const { size, stride } = attributes;
  if (!areWhole(x, y, block)) return undefined;
  const [side, parts] = channels < block ? [1, channels] : [block, channels / block];
  const width = (across - 1) * stride + size[1];
  const cuts = Array.from({ length: places }, (_, at) => at + 1).filter(
    (strips) => places % strips === 0 && (batch * strips) % block === 0,
  );
  const layouts = cuts.map((strips): Layout => {
    const rows = places / strips;
    return { side, parts, strips, rows, under: (rows - 1) * stride + size[0], width };
  });
  const filters = Math.min(4, out / block); // as many the library takes at once
  const isKept = ({ rows, under }: Layout): boolean =>
    block * (rows * across * filters * block + under * width * channels) <= KEPT_NUMBERS;
  return layouts.find(isKept) ?? layouts.at(-1);
}

/**
 * The derivative of a convolution by its kernel, [out, in, k, k], as one of ONNX Runtime's own convolutions. Images, or strips of
 * images, stand in the place of channels and are summed over; the derivative is the filter, and its places slide along the image in steps of
 * the kernel's pixels. Channels of the image lie along its rows, a block of them side by side for each pixel, the other blocks as rows of their own:
 * so that a row of the answer is [k, block], long enough for the library's registers, where rows of k alone take three times as long.
 */
export function kernelInStrips(tensor: KernelGradient, layout: Layout, block: number, to: Builder): string {
  const [x, y] = tensor.inputs;
  const { size, stride } = tensor.attributes;
  const [[batch, channels], [, out, , across]] = [x.shape as Image, y.shape as Image];
  const { side, parts, strips, rows } = layout;
  const strippedBatch = batch * strips;
  const filter = to.formOf(y, `filter of ${strips}`, (there) => {
    const blocks = [(out * strippedBatch) / block ** 2, block, rows * across] as const;
    return reshaped(
      blockedColumns(channelsFirst(y, block, there), blocks, block, there),
      [out, strippedBatch, rows, across],
      there,
    );
  });
  const image = imageInStrips(tensor, layout, block, to);
  const product = blockedNode(to, 'Conv', [image, filter], {
    ...{ kernel_shape: [rows, across], pads: [0, 0, 0, 0], strides: [1, 1] },
    ...{ dilations: [parts * stride, side * stride], group: 1 },
  });
  const joined = reshaped(plainImage(product, out, to), [out, size[0], parts, size[1] * side], to);
  const ordered = parts === 1 ? joined : to.node('Transpose', [joined], { perm: [0, 2, 1, 3] });
  const kernel = reshaped(ordered, [out, channels, ...size], to);
  return side === 1 ? kernel : plainImage(kernel, channels, to);
}

/** [b, in, h, w] in memory [b strips / block, rows under a strip, parts, columns, side, block]: to ONNX [1, b strips, rows parts, columns side]. */
function imageInStrips(
  { inputs: [x, y], attributes: { padding, size, stride } }: KernelGradient,
  { side, parts, strips, rows, under, width }: Layout,
  block: number,
  to: Builder,
): string {
  const [batch, , height, columns] = x.shape as Image;
  const places = Number(y.shape[2]);
  const form = `strips of ${[strips, ...size, stride, padding, ...y.shape.slice(2)].join(' ')}`;
  return to.formOf(x, form, (there) => {
    const whole = reshaped(
      side === 1 ? there.nameOf(x) : blockedImage(x, there),
      [batch, parts, height, columns * side],
      there,
    );
    const total = (places - 1) * stride + size[0];
    const after = [total - height - padding, (width - columns - padding) * side];
    const padded = there.node('Pad', [whole, there.integers([0, 0, padding, padding * side, 0, 0, ...after])]);
    const order = Array.from({ length: strips * under * parts }, (_, at) => {
      const [strip, rest] = [Math.floor(at / (under * parts)), at % (under * parts)];
      return (rest % parts) * total + strip * rows * stride + Math.floor(rest / parts);
    });
    const inOrder =
      strips === 1 && parts === 1
        ? padded
        : there.node('Gather', [reshaped(padded, [batch, parts * total, width * side], there), there.integers(order)], {
            axis: 1,
          });
    const strippedBatch = batch * strips;
    const cut = blockedRows(inOrder, [strippedBatch / block, block, under * parts * width * side], there);
    return reshaped(cut, [1, strippedBatch, under * parts, width * side], there);
  });
}
