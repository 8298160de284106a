import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import { blockedColumns, blockedImage, blockedRows, reshaped } from './forms.ts';
import { areImagesTogether, type Layout } from './strip-layout.ts';

type KernelGradient = Tensor<'convolveKernel'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/** [b, in, h, w] in memory [b strips / block, rows under a strip, parts, columns, side, block]: to ONNX [1, b strips, rows parts, columns side]. */
export function imageInStrips(tensor: KernelGradient, layout: Layout, block: number, to: Builder): string {
  const {
    inputs: [x, y],
    attributes: { padding, size, stride },
  } = tensor;
  const { side, parts, strips, under, width } = layout;
  const form = `strips of ${[strips, ...size, stride, padding, ...y.shape.slice(2)].join(' ')}`;
  const shape = [1, Number(x.shape[0]) * strips, under * parts, width * side];
  const laid = side === block ? laidBlocks : laidChannels;
  return to.formOf(x, form, (there) => reshaped(laid({ tensor, layout, block }, there), shape, there));
}

interface Laid {
  readonly tensor: KernelGradient;
  readonly layout: Layout;
  readonly block: number;
}

/** Of channels in whole blocks: the image is put in them first, as it mostly is there already. */
function laidBlocks(of: Laid, to: Builder): string {
  const { tensor, layout, block } = of;
  const [batch, , height, columns] = tensor.inputs[0].shape as Image;
  const { parts, strips, under, width } = layout;
  const image = reshaped(blockedImage(tensor.inputs[0], to), [batch, parts, height, columns * block], to);
  const padded = surrounded(image, of, block, to);
  const row = width * block;
  if (!areImagesTogether(batch, block)) {
    const cut = cutInStrips(padded, of, { groups: batch, planes: parts, row, isByRow: true }, to);
    return blockedRows(cut, [(batch * strips) / block, block, under * parts * row], to);
  }
  const groups = batch / block;
  const turned = blockedRows(padded, [groups, block, parts * rowsUnder(tensor) * row], to);
  return cutInStrips(turned, of, { groups, planes: parts, row: row * block, isByRow: true }, to);
}

/** Of fewer channels than a block: as it is, and all of a pixel's side by side only when images, or their strips, stand behind each number. */
function laidChannels(of: Laid, to: Builder): string {
  const { tensor, layout, block } = of;
  const [batch, channels, height, columns] = tensor.inputs[0].shape as Image;
  const { strips, under, width } = layout;
  const image = to.nameOf(tensor.inputs[0]);
  const besides = (name: string, groups: number, pixels: number): string =>
    channels === 1 ? name : blockedColumns(name, [groups, channels, pixels], block, to);
  if (!areImagesTogether(batch, block)) {
    const [padded, groups] = [surrounded(image, of, 1, to), (batch * strips) / block];
    const cut = cutInStrips(padded, of, { groups: batch, planes: channels, row: width, isByRow: false }, to);
    return besides(blockedRows(cut, [groups, block, channels * under * width], to), groups, under * width);
  }
  const groups = batch / block;
  const turned = blockedRows(image, [groups, block, channels * height * columns], to);
  const padded = surrounded(reshaped(turned, [groups, channels, height, columns * block], to), of, block, to);
  const pixels = besides(padded, groups, rowsUnder(tensor) * width);
  return cutInStrips(pixels, of, { groups, planes: 1, row: width * channels * block, isByRow: true }, to);
}

/** Rows of the image under all places, zeros around it among them. */
const rowsUnder = ({ inputs: [, y], attributes: { size, stride } }: KernelGradient): number =>
  (Number(y.shape[2]) - 1) * stride + size[0];

/** An image [groups, planes, height, columns by], with the zeros around it. */
function surrounded(image: string, { tensor, layout }: Laid, by: number, to: Builder): string {
  const [, , height, columns] = tensor.inputs[0].shape as Image;
  const { padding } = tensor.attributes;
  const after = [rowsUnder(tensor) - height - padding, (layout.width - columns - padding) * by];
  return to.node('Pad', [image, to.integers([0, 0, padding, padding * by, 0, 0, ...after])]);
}

interface Planes {
  readonly groups: number;
  readonly planes: number;
  /** Numbers of a row of a plane. */
  readonly row: number;
  /** Whether a strip has a row of each plane and then the next one of each, or all rows of a plane and then the next plane's. */
  readonly isByRow: boolean;
}

/** Planes [groups, planes, rows, a row], cut in strips: [groups, strips, rows under a strip, planes, a row], or [groups, strips, planes, rows, a row]. */
function cutInStrips(name: string, { tensor, layout }: Laid, of: Planes, to: Builder): string {
  const { strips, rows, under } = layout;
  const { groups, planes, row, isByRow } = of;
  if (strips === 1 && (planes === 1 || !isByRow)) return name;
  const total = rowsUnder(tensor);
  const order = Array.from({ length: strips * under * planes }, (_, at) => {
    const [strip, rest] = [Math.floor(at / (under * planes)), at % (under * planes)];
    const [plane, below] = isByRow
      ? [rest % planes, Math.floor(rest / planes)]
      : [Math.floor(rest / under), rest % under];
    return plane * total + strip * rows * tensor.attributes.stride + below;
  });
  return to.node('Gather', [reshaped(name, [groups, planes * total, row], to), to.integers(order)], { axis: 1 });
}
