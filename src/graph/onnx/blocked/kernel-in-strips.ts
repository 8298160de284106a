import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import {
  areWhole,
  blockedColumns,
  blockedImage,
  blockedNode,
  blockedRows,
  channelsFirst,
  filledImage,
  plainImage,
  reshaped,
  wholeBlocks,
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
export function layOut(tensor: KernelGradient, block: number): Layout | undefined {
  const {
    inputs: [x, y],
    attributes,
  } = tensor;
  const [batch, channels] = x.shape as Image;
  const [, out, places, across] = y.shape as Image;
  const { size, stride } = attributes;
  if (!areWhole(tensor, block)) return undefined;
  const [side, parts] = channels < block ? [1, channels] : [block, channels / block];
  const width = (across - 1) * stride + size[1];
  const cuts = Array.from({ length: places }, (_, at) => at + 1).filter(
    (strips) => places % strips === 0 && (batch * strips) % block === 0,
  );
  const layouts = cuts.map((strips): Layout => {
    const rows = places / strips;
    return { side, parts, strips, rows, under: (rows - 1) * stride + size[0], width };
  });
  const filters = Math.min(4, wholeBlocks(out, block) / block); // as many the library takes at once
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
  const kernel = reshaped(ordered, [out, channels, ...size], to);
  return side === 1 ? kernel : plainImage(kernel, channels, to);
}

/**
 * Which stand together in a block, in the place of channels: the same strip of as many images, which is less to put in order, or, where images are no whole blocks, the strips of an
 * image and of the next ones.
 */
const areImagesTogether = (batch: number, block: number): boolean => batch % block === 0;

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

/** [b, in, h, w] in memory [b strips / block, rows under a strip, parts, columns, side, block]: to ONNX [1, b strips, rows parts, columns side]. */
function imageInStrips(
  { inputs: [x, y], attributes: { padding, size, stride } }: KernelGradient,
  { side, parts, strips, rows, under, width }: Layout,
  block: number,
  to: Builder,
): string {
  const [batch, , height, columns] = x.shape as Image;
  const places = Number(y.shape[2]);
  const total = (places - 1) * stride + size[0];
  const order = Array.from({ length: strips * under * parts }, (_, at) => {
    const [strip, rest] = [Math.floor(at / (under * parts)), at % (under * parts)];
    return (rest % parts) * total + strip * rows * stride + Math.floor(rest / parts);
  });
  /** Of values seen as [groups, parts total, a row]. */
  const inOrder = (name: string, groups: number, row: number, there: Builder): string =>
    strips === 1 && parts === 1
      ? name
      : there.node('Gather', [reshaped(name, [groups, parts * total, row], there), there.integers(order)], { axis: 1 });
  const form = `strips of ${[strips, ...size, stride, padding, ...y.shape.slice(2)].join(' ')}`;
  return to.formOf(x, form, (there) => {
    const image = side === 1 ? there.nameOf(x) : blockedImage(x, there);
    const whole = reshaped(image, [batch, parts, height, columns * side], there);
    const after = [total - height - padding, (width - columns - padding) * side];
    const padded = there.node('Pad', [whole, there.integers([0, 0, padding, padding * side, 0, 0, ...after])]);
    const [row, all] = [width * side, batch * strips];
    const cut = areImagesTogether(batch, block)
      ? inOrder(
          blockedRows(padded, [batch / block, block, parts * total * row], there),
          batch / block,
          row * block,
          there,
        )
      : blockedRows(inOrder(padded, batch, row, there), [all / block, block, under * parts * row], there);
    return reshaped(cut, [1, all, under * parts, row], there);
  });
}
