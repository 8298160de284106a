/** Height and width at which generator and critic are smallest: Karras et al. 2018, table 2. */
export const SMALLEST_SIZE = 4;

/** 4, 8, .., size. */
export function sizesUpTo(size: number): number[] {
  return Array.from({ length: Math.log2(size / SMALLEST_SIZE) + 1 }, (_, index) => SMALLEST_SIZE * 2 ** index);
}

/** Layers of the synthesis network, two at each size: each has noise and a style of its own. */
export const layersUpTo = (size: number): number => 2 * sizesUpTo(size).length;

/** Height and width at which a layer works. */
export const sizeOfLayer = (layer: number): number => SMALLEST_SIZE * 2 ** Math.floor(layer / 2);

export interface Channels {
  /** Channels times height at the sizes that have fewer than the most: 16384 in Karras et al. 2018, table 2. */
  readonly base: number;
  /** The most channels: 512 there. */
  readonly most: number;
}

/** Channels at a size: half as many at twice the size, once there are fewer than the most. */
export const channelsAt = ({ base, most }: Channels, size: number): number =>
  Math.max(1, Math.min(most, Math.round(base / size)));
