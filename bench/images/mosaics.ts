import { createRandom } from '../../src/base/philox.ts';
import { createDice, type Dice } from '../../src/models/images/dice.ts';
import type { Planes } from '../../src/models/images/warp.ts';
import { createSets, PHOTOS } from './sets.ts';

/** Tiles of a mosaic across and down, and their height and width. */
const TILES = 8;
const TILE = 32;
export const MOSAIC: Planes = { channels: 3, size: TILES * TILE };
const AREA = MOSAIC.size ** 2;
export const MOSAIC_WIDTH = MOSAIC.channels * AREA;
/** Photos of each class that tiles are taken from: all of cifar10/train. */
const PHOTOS_EACH = 5000;

/** Ways in which mosaics are damaged; none of them is among the negatives, but a scratch is near to one. */
export const DEFECTS = ['scratch', 'spot', 'square'] as const;
export type Defect = (typeof DEFECTS)[number];

/** Raw rows, one after the other. */
export interface Mosaics {
  readonly train: Float32Array;
  readonly good: Float32Array;
  readonly damaged: Readonly<Record<Defect, Float32Array>>;
  /** 1 where a damaged mosaic was changed, [count, size size]. */
  readonly masks: Readonly<Record<Defect, Uint8Array>>;
}

/** Mosaics of 8 x 8 training images of CIFAR-10, each image used once; the damaged ones are the good ones, each with one defect. */
export async function makeMosaics(seed: number, counts: { readonly train: number; readonly test: number }) {
  const sets = createSets();
  const tileWidth = MOSAIC.channels * TILE ** 2;
  const tiles: Float32Array[] = [];
  for (const name of PHOTOS) {
    const { train } = await sets.photo(name);
    for (let row = 0; row < PHOTOS_EACH; row++) tiles.push(train.subarray(row * tileWidth, (row + 1) * tileWidth));
  }
  const dice = createDice(createRandom(seed).stream('mosaics'), 0);
  const order = dice.order(tiles.length);
  let taken = 0;
  const many = (count: number): Float32Array => {
    const out = new Float32Array(count * MOSAIC_WIDTH);
    for (let at = 0; at < count; at++) {
      const row = out.subarray(at * MOSAIC_WIDTH, (at + 1) * MOSAIC_WIDTH);
      for (let place = 0; place < TILES ** 2; place++) lay(tiles[order[taken++]!]!, row, place);
    }
    return out;
  };
  const [train, good] = [many(counts.train), many(counts.test)];
  const made = DEFECTS.map((defect) => [defect, damageAll(defect, good, dice)] as const);
  const pick = <K extends 'rows' | 'masks'>(key: K) =>
    Object.fromEntries(made.map(([defect, each]) => [defect, each[key]])) as Record<Defect, (typeof made)[0][1][K]>;
  return { train, good, damaged: pick('rows'), masks: pick('masks') } satisfies Mosaics;
}

function lay(tile: Float32Array, into: Float32Array, place: number): void {
  const [top, left] = [Math.floor(place / TILES) * TILE, (place % TILES) * TILE];
  for (let line = 0; line < MOSAIC.channels * TILE; line++) {
    const start = Math.floor(line / TILE) * AREA + (top + (line % TILE)) * MOSAIC.size + left;
    into.set(tile.subarray(line * TILE, (line + 1) * TILE), start);
  }
}

function damageAll(defect: Defect, good: Float32Array, dice: Dice): { rows: Float32Array; masks: Uint8Array } {
  const rows = good.slice();
  const count = rows.length / MOSAIC_WIDTH;
  const masks = new Uint8Array(count * AREA);
  for (let at = 0; at < count; at++) {
    const other = good.subarray(((at + 1) % count) * MOSAIC_WIDTH, (((at + 1) % count) + 1) * MOSAIC_WIDTH);
    const mask = masks.subarray(at * AREA, (at + 1) * AREA);
    damage(defect, rows.subarray(at * MOSAIC_WIDTH, (at + 1) * MOSAIC_WIDTH), { other, mask, dice });
  }
  return { rows, masks };
}

interface Damage {
  readonly other: Float32Array;
  readonly mask: Uint8Array;
  readonly dice: Dice;
}

/** Defects stay so far from the border. */
const MARGIN = 16;

function damage(defect: Defect, row: Float32Array, { other, mask, dice }: Damage): void {
  const [y, x] = [dice.uniform(MARGIN, MOSAIC.size - MARGIN), dice.uniform(MARGIN, MOSAIC.size - MARGIN)];
  const isInside = SHAPES[defect](dice);
  const colour = dice.coin() ? 255 : 0;
  for (let pixel = 0; pixel < AREA; pixel++) {
    if (!isInside(Math.floor(pixel / MOSAIC.size) - y, (pixel % MOSAIC.size) - x)) continue;
    mask[pixel] = 1;
    for (let plane = 0; plane < MOSAIC_WIDTH; plane += AREA) {
      row[plane + pixel] = defect === 'square' ? other[plane + pixel]! : colour;
    }
  }
}

/** Whether a pixel, from the middle of the defect, belongs to it. */
type Inside = (down: number, across: number) => boolean;
const SHAPES: { readonly [D in Defect]: (dice: Dice) => Inside } = {
  /** A line 12 pixels long and 2 wide, white or black, at any angle. */
  scratch: (dice) => {
    const angle = dice.uniform(0, Math.PI);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return (down, across) => Math.abs(across * c + down * s) <= 6 && Math.abs(down * c - across * s) <= 1;
  },
  /** A disc 6 pixels wide, white or black. */
  spot: () => (down, across) => Math.hypot(down, across) <= 3,
  /** A square of 24 pixels from the same place of another mosaic. */
  square: () => (down, across) => Math.max(Math.abs(down), Math.abs(across)) <= 12,
};
