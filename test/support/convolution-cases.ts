import type { Extent } from '../../src/graph/tensor.ts';

/** A convolution, and its title after "one". */
export interface ConvolutionCase {
  readonly title: string;
  readonly batch: number;
  readonly channels: number;
  readonly out: number;
  readonly image: Extent;
  readonly kernel: Extent;
  readonly stride: number;
  readonly padding: number;
}

/** Of whole blocks and of others, in each of the forms that they are said in. */
export const CONVOLUTION_CASES: readonly ConvolutionCase[] = [
  {
    title: 'that keeps the size',
    batch: 16,
    channels: 32,
    out: 16,
    image: [6, 5],
    kernel: [3, 3],
    stride: 1,
    padding: 1,
  },
  { title: 'without a border', batch: 32, channels: 16, out: 32, image: [5, 7], kernel: [2, 3], stride: 1, padding: 0 },
  { title: 'of colours', batch: 16, channels: 3, out: 16, image: [6, 6], kernel: [3, 3], stride: 1, padding: 1 },
  { title: 'of single pixels', batch: 16, channels: 16, out: 16, image: [4, 3], kernel: [1, 1], stride: 1, padding: 0 },
  {
    title: "of single pixels' blocks",
    batch: 3,
    channels: 48,
    out: 32,
    image: [4, 8],
    kernel: [1, 1],
    stride: 1,
    padding: 0,
  },
  {
    title: "of single pixels' colours",
    batch: 3,
    channels: 3,
    out: 32,
    image: [4, 8],
    kernel: [1, 1],
    stride: 1,
    padding: 0,
  },
  { title: 'in strips', batch: 4, channels: 32, out: 48, image: [8, 5], kernel: [3, 3], stride: 1, padding: 1 },
  {
    title: 'of colours in the same strips of as many images',
    batch: 16,
    channels: 3,
    out: 16,
    image: [40, 36],
    kernel: [3, 2],
    stride: 1,
    padding: 1,
  },
  {
    title: 'by strides in strips',
    batch: 8,
    channels: 3,
    out: 16,
    image: [15, 9],
    kernel: [4, 4],
    stride: 2,
    padding: 1,
  },
  { title: 'by strides', batch: 16, channels: 16, out: 32, image: [8, 6], kernel: [4, 4], stride: 2, padding: 1 },
  {
    title: 'by strides of an odd kernel',
    batch: 2,
    channels: 32,
    out: 16,
    image: [6, 9],
    kernel: [3, 3],
    stride: 3,
    padding: 1,
  },
  {
    title: 'by strides of two rows',
    batch: 2,
    channels: 16,
    out: 48,
    image: [8, 6],
    kernel: [3, 2],
    stride: 2,
    padding: 1,
  },
  // The last row and column are under no place of the kernel.
  {
    title: 'by strides that leave some',
    batch: 16,
    channels: 16,
    out: 16,
    image: [7, 6],
    kernel: [3, 3],
    stride: 3,
    padding: 1,
  },
  {
    title: 'with a wide border',
    batch: 16,
    channels: 16,
    out: 16,
    image: [3, 3],
    kernel: [3, 3],
    stride: 1,
    padding: 2,
  },
  {
    title: 'of a single place',
    batch: 16,
    channels: 16,
    out: 16,
    image: [4, 4],
    kernel: [4, 4],
    stride: 1,
    padding: 0,
  },
  {
    title: 'to half a block more',
    batch: 16,
    channels: 16,
    out: 28,
    image: [8, 6],
    kernel: [3, 3],
    stride: 1,
    padding: 1,
  },
  {
    title: 'to less than a block',
    batch: 6,
    channels: 4,
    out: 12,
    image: [8, 6],
    kernel: [3, 2],
    stride: 2,
    padding: 1,
  },
  {
    title: 'in strips of many images',
    batch: 32,
    channels: 48,
    out: 32,
    image: [32, 4],
    kernel: [3, 3],
    stride: 1,
    padding: 1,
  },
  {
    title: 'of other channels than blocks',
    batch: 16,
    channels: 33,
    out: 24,
    image: [4, 4],
    kernel: [3, 3],
    stride: 1,
    padding: 1,
  },
  { title: 'of few images', batch: 5, channels: 16, out: 16, image: [4, 6], kernel: [3, 3], stride: 1, padding: 1 },
];
