import type { Tensor } from '../../tensor.ts';
import { areWhole, wholeBlocks } from './forms.ts';

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
  const [side, parts] = channels < block ? [channels, 1] : [block, channels / block];
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
 * Which stand together in a block, in the place of channels: the same strip of as many images, which is less to put in order, or, where images are no whole blocks, the strips of an
 * image and of the next ones.
 */
export const areImagesTogether = (batch: number, block: number): boolean => batch % block === 0;
