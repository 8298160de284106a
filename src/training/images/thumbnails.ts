import { shrinkRows } from '../../models/images/shrink.ts';
import type { Planes } from '../../models/images/warp.ts';

/** Images that are looked at, and how many they are compared with: enough to tell, in a second or so. */
export const LOOKED_AT = 200;
export const COMPARED = 1500;
/** Height and width of what is compared. */
const THUMBNAIL = 8;

/** Where a pixel comes from, by its row and column and the last of them. */
export type Turn = (row: number, column: number, last: number) => readonly [number, number];

export const cutRows = (rows: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: rows.length / width }, (_, row) => rows.subarray(row * width, (row + 1) * width));

export const thumbnailsOf = (rows: Float32Array, image: Planes): Float32Array[] =>
  cutRows(shrinkRows(rows, image, THUMBNAIL), image.channels * THUMBNAIL ** 2);

export function turnThumbnail(from: Float32Array, channels: number, turn: Turn): Float32Array {
  return Float32Array.from({ length: channels * THUMBNAIL ** 2 }, (_, at) => {
    const pixel = at % THUMBNAIL ** 2;
    const [row, column] = turn(Math.floor(pixel / THUMBNAIL), pixel % THUMBNAIL, THUMBNAIL - 1);
    return from[at - pixel + row * THUMBNAIL + column]!;
  });
}

/** Squared distance to the nearest of all but one, if that is less than `most`; sums are left off where they are no longer. */
export function nearest(of: Float32Array, all: readonly Float32Array[], but: number, most = Infinity): number {
  let best = most;
  for (let index = 0; index < all.length; index++) {
    if (index === but) continue;
    const other = all[index]!;
    let distance = 0;
    for (let from = 0; from < of.length && distance < best; from += THUMBNAIL) {
      for (let at = from; at < from + THUMBNAIL; at++) distance += (of[at]! - other[at]!) ** 2;
    }
    if (distance < best) best = distance;
  }
  return best;
}

/** Of how many of the images something holds. */
export const shareOf = (before: readonly number[], is: (each: number, at: number) => boolean): number =>
  before.filter(is).length / before.length;
