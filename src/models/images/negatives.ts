import type { Dice } from './dice.ts';
import { affineMap, emptyMap, enlargeSmoothly, toPixel, toUnit, warp, type Outside, type Planes } from './warp.ts';
import { changeTone } from './tones.ts';

/** Images that are changed alike where a kind says so, and what they are made of. */
export interface NegativeGroup {
  readonly image: Planes;
  /** Normal images, [channels size size] each. */
  readonly sources: readonly Float32Array[];
  /** Another normal image for each. */
  readonly others: readonly Float32Array[];
  /** What is written. */
  readonly results: readonly Float32Array[];
  readonly dice: Dice;
}

type Make = (group: NegativeGroup) => void;

/** Where a pixel of an image that was turned comes from, by its row and column and the last of them. */
export const IMAGE_TURNS = {
  'turned by 90 degrees': (row, column, last) => [column, last - row],
  'turned by 180 degrees': (row, column, last) => [last - row, last - column],
  'turned by 270 degrees': (row, column, last) => [last - column, row],
  'upside down': (row, column, last) => [last - row, column],
} as const satisfies Record<string, (row: number, column: number, last: number) => readonly [number, number]>;
const TURNS = Object.values(IMAGE_TURNS);

/**
 * Ways to move a normal image off the normal ones: geometric (rot, shift, affine), local (cutpaste, jig, erase), both (elastic),
 * and of tone. Measured and chosen together (docs/decisions/0019); each can be left out where it is normal for a product.
 */
export const IMAGE_NEGATIVES = {
  /** A rectangle from elsewhere in the image, or in another one. */
  cutpaste: ({ image, sources, others, results, dice }) => {
    const half = Math.floor(image.size / 2);
    const [down, across] = [dice.whole(-half, half), dice.whole(-half, half)];
    sources.forEach((source, index) => {
      const from = dice.coin() ? source : others[index]!;
      results[index]!.set(source);
      fillRectangle(image, results[index]!, dice, (plane, row, column) => {
        const at = wrap(row - down, image.size) * image.size + wrap(column - across, image.size);
        return from[plane + at]!;
      });
    });
  },
  /** By 90, 180 or 270 degrees, or upside down. */
  rot: (group) =>
    eachPixel(group, ({ size }, dice) => {
      const turn = TURNS[dice.whole(0, TURNS.length - 1)]!;
      return (row, column) => {
        const [fromRow, fromColumn] = turn(row, column, size - 1);
        return fromRow * size + fromColumn;
      };
    }),
  /** In any direction, by 0.1 to 0.35 of the width. */
  shift: (group) =>
    eachWarp(group, ({ size }, dice) => {
      const [angle, length] = [dice.uniform(0, 2 * Math.PI), dice.uniform(0.2, 0.7)];
      return affineMap([1, 0, Math.cos(angle) * length, 0, 1, Math.sin(angle) * length], size);
    }),
  /** By 0.25 to 1.15 rad, scaled on each axis, sheared. */
  affine: (group) =>
    eachWarp(group, ({ size }, dice) => {
      const drawn = dice.uniform(-1, 1);
      const angle = Math.sign(drawn) * (0.25 + Math.abs(drawn) * 0.9);
      const [wide, high] = [Math.exp(dice.uniform(-0.5, 0.5)), Math.exp(dice.uniform(-0.5, 0.5))];
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      return affineMap([c * wide, -s * wide + dice.uniform(-0.5, 0.5), 0, s * high, c * high, 0], size);
    }),
  /** Pulled about by a smooth field of noise, of up to a fifth of the width. */
  elastic: ({ image, sources, results, dice }) => {
    const { size } = image;
    const cells = dice.whole(3, 7);
    const field = (): Float32Array =>
      enlargeSmoothly(Float32Array.from({ length: cells * cells }, dice.normal), cells, size);
    sources.forEach((source, index) => {
      const [across, down] = [field(), field()];
      const amplitude = Math.exp(dice.uniform(Math.log(0.1), Math.log(0.4)));
      const map = emptyMap(size);
      for (let pixel = 0; pixel < size * size; pixel++) {
        map.columns[pixel] = toPixel(toUnit(pixel % size, size) + amplitude * across[pixel]!, size);
        map.rows[pixel] = toPixel(toUnit(Math.floor(pixel / size), size) + amplitude * down[pixel]!, size);
      }
      warp(source, results[index]!, map, image, 'border');
    });
  },
  /** 2 x 2 or 4 x 4 tiles in another order. */
  jig: (group) => {
    const tiles = group.dice.coin() ? 2 : 4;
    eachPixel(group, ({ size }, dice) => {
      const [order, side] = [dice.disorder(tiles * tiles), size / tiles];
      return (row, column) => {
        const tile = order[Math.floor(row / side) * tiles + Math.floor(column / side)]!;
        return (Math.floor(tile / tiles) * side + (row % side)) * size + (tile % tiles) * side + (column % side);
      };
    });
  },
  tone: changeTone,
  /** A rectangle of the image's mean colour, or of any. */
  erase: ({ image, sources, results, dice }) =>
    sources.forEach((source, index) => {
      const area = image.size ** 2;
      const isMean = dice.coin();
      const colours = Array.from({ length: image.channels }, (_, channel) => {
        const plane = source.subarray(channel * area, (channel + 1) * area);
        return isMean ? plane.reduce((total, value) => total + value, 0) / area : dice.uniform(-1, 1);
      });
      results[index]!.set(source);
      fillRectangle(image, results[index]!, dice, (plane) => colours[plane / area]!);
    }),
  /** A thin bar, at any angle, of a colour or of what lies elsewhere: CutPaste's scar (Li et al. 2021, section 2.1), for small defects. */
  scar: ({ image, sources, others, results, dice }) =>
    sources.forEach((source, index) => {
      results[index]!.set(source);
      const from = dice.coin() ? source : others[index]!;
      const [down, across] = [dice.whole(1, image.size - 1), dice.whole(1, image.size - 1)];
      const colours = dice.coin() ? Array.from({ length: image.channels }, () => dice.uniform(-1, 1)) : undefined;
      fillBar(image, results[index]!, dice, (plane, row, column) => {
        const at = wrap(row - down, image.size) * image.size + wrap(column - across, image.size);
        return colours?.[plane / image.size ** 2] ?? from[plane + at]!;
      });
    }),
} as const satisfies Record<string, Make>;
export type ImageNegative = keyof typeof IMAGE_NEGATIVES;
export const IMAGE_NEGATIVE_NAMES = Object.keys(IMAGE_NEGATIVES) as [ImageNegative, ...ImageNegative[]];

/** Colours outside the image would be new; digits and drawings have an even border. */
const outsideOf = ({ channels }: Planes): Outside => (channels === 1 ? 'border' : 'mirror');

type MapOf = (image: Planes, dice: Dice) => ReturnType<typeof affineMap>;
function eachWarp({ image, sources, results, dice }: NegativeGroup, mapOf: MapOf): void {
  sources.forEach((source, index) => warp(source, results[index]!, mapOf(image, dice), image, outsideOf(image)));
}

/** Takes each pixel of a result from a pixel of its source. */
type PlaceOf = (image: Planes, dice: Dice) => (row: number, column: number) => number;
function eachPixel({ image, sources, results, dice }: NegativeGroup, placeOf: PlaceOf): void {
  const { channels, size } = image;
  sources.forEach((source, index) => {
    const place = placeOf(image, dice);
    for (let pixel = 0; pixel < size * size; pixel++) {
      const from = place(Math.floor(pixel / size), pixel % size);
      for (let plane = 0; plane < channels * size * size; plane += size * size) {
        results[index]![plane + pixel] = source[plane + from]!;
      }
    }
  });
}

/** Fills a rectangle inside the image, its sides 0.15 to 0.6 of the image's. */
function fillRectangle(
  { channels, size }: Planes,
  out: Float32Array,
  dice: Dice,
  valueAt: (plane: number, row: number, column: number) => number,
): void {
  const [height, width] = [dice.uniform(0.15, 0.6) * size, dice.uniform(0.15, 0.6) * size];
  const [top, left] = [dice.uniform() * (size - height), dice.uniform() * (size - width)];
  for (let plane = 0; plane < channels * size * size; plane += size * size) {
    for (let row = Math.round(top); row < Math.round(top + height); row++) {
      for (let column = Math.round(left); column < Math.round(left + width); column++) {
        out[plane + row * size + column] = valueAt(plane, row, column);
      }
    }
  }
}

/** Fills a bar 1 to 3 pixels wide, 0.15 to 0.6 of the image long, at any angle. */
function fillBar(
  { channels, size }: Planes,
  out: Float32Array,
  dice: Dice,
  valueAt: (plane: number, row: number, column: number) => number,
): void {
  const angle = dice.uniform(0, Math.PI);
  const [half, thick] = [(dice.uniform(0.15, 0.6) * size) / 2, dice.uniform(1, 3) / 2];
  const [y, x] = [dice.uniform(0, size - 1), dice.uniform(0, size - 1)];
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [row, column] = [Math.floor(pixel / size), pixel % size];
    const along = (column - x) * Math.cos(angle) + (row - y) * Math.sin(angle);
    const aside = (row - y) * Math.cos(angle) - (column - x) * Math.sin(angle);
    if (Math.abs(along) > half || Math.abs(aside) > thick) continue;
    for (let plane = 0; plane < channels * size * size; plane += size * size) {
      out[plane + pixel] = valueAt(plane, row, column);
    }
  }
}

const wrap = (at: number, size: number): number => ((at % size) + size) % size;
