/** What is timed: one convolution, layers in one run, or a whole step of a critic. */
export const CASE_KINDS = ['forward', 'byImage', 'byKernel', 'layers', 'step'] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

export interface ConvShape {
  readonly batch: number;
  /** Height and width of the image. */
  readonly size: number;
  readonly channels: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export interface ConvCase extends ConvShape {
  readonly kind: CaseKind;
  readonly threads: number;
  /** In a case of layers. */
  readonly layers: number;
}

const shape = (batch: number, size: number, channels: number, out: number, kernel = 3, stride = 1): ConvShape => {
  return { batch, size, channels, out, kernel, stride, padding: kernel === 1 ? 0 : 1 };
};

/** Layers of growing networks at each resolution, wider where the image is smaller, and those of the detecting critic. */
export const SHAPES: readonly ConvShape[] = [
  shape(32, 16, 64, 64),
  shape(16, 32, 32, 32),
  shape(8, 64, 16, 16),
  shape(48, 32, 3, 16, 4, 2),
  shape(48, 16, 16, 32, 4, 2),
  shape(48, 8, 32, 64, 4, 2),
];

/** Layers of one run. */
export const LAYERS = 8;

/** Whole R1 critic steps: 3 x size x size images, 3x3 convolutions and average pooling down to 4 x 4. */
export const STEPS: readonly ConvShape[] = [shape(16, 16, 32, 32), shape(16, 32, 32, 32), shape(16, 64, 16, 16)];

export const showShape = ({ batch, size, channels, out, kernel, stride }: ConvShape): string =>
  `${batch} x ${channels} x ${size} x ${size} to ${out}, ${kernel}x${kernel}${stride > 1 ? ` by ${stride}` : ''}`;

/** Multiplications and additions of one pass. */
export function flopsOf({ batch, size, channels, out, kernel, stride, padding }: ConvShape): number {
  const places = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return 2 * batch * places ** 2 * channels * out * kernel ** 2;
}
