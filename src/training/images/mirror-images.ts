import type { Planes } from '../../models/images/warp.ts';
import { COMPARED, LOOKED_AT, nearest, shareOf, thumbnailsOf, turnThumbnail, type Turn } from './thumbnails.ts';

/** Mirror images of photos are nearer to another image than the photos were in 44 to 48 % of the cases, of digits in 0 to 13: docs/decisions/0047. */
const ALIKE_SHARE = 0.3;
const MIRROR: Turn = (row, column, last) => [row, last - column];

/**
 * Whether mirror images of normal ones are normal: whether they are as near to other training images as these were, left for right, in as many
 * cases as where both come. `rows` are raw rows, the first of which are looked at.
 */
export function mirrorsLookAlike(rows: Float32Array, image: Planes): boolean {
  const thumbnails = thumbnailsOf(rows.subarray(0, COMPARED * image.channels * image.size ** 2), image);
  const looked = thumbnails.slice(0, LOOKED_AT);
  const before = looked.map((each, at) => nearest(each, thumbnails, at));
  const after = looked.map((each, at) => nearest(turnThumbnail(each, image.channels, MIRROR), thumbnails, at));
  return shareOf(before, (each, at) => after[at]! <= each) >= ALIKE_SHARE;
}
