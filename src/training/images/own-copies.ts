import { IMAGE_TURNS } from '../../models/images/negatives.ts';
import type { Planes } from '../../models/images/warp.ts';

/** Images that are looked at, and how many they are compared with: enough to tell, in well under a second. */
const LOOKED_AT = 200;
const COMPARED = 2000;
/** Pixels of the thumbnails that are compared. */
const THUMBNAIL = 8;
/** Unlike images, turned, are nearer to another image than they were in a few cases; images that come turned, in about half. */
const SUSPICIOUS_SHARE = 0.4;

/**
 * Warns where images that were turned look like other training images as much as they did before: then a turned image is normal, and
 * the critic would be trained against normal images. `rows` are raw rows, the first of which are looked at.
 */
export function warnOfOwnCopies(rows: Float32Array, image: Planes): string[] {
  const width = image.channels * image.size ** 2;
  const count = Math.min(COMPARED, rows.length / width);
  const all = Array.from({ length: count }, (_, row) =>
    thumbnail(rows.subarray(row * width, (row + 1) * width), image),
  );
  const looked = all.slice(0, LOOKED_AT);
  const before = looked.map((each, index) => nearest(each, all, index));
  return Object.entries(IMAGE_TURNS).flatMap(([title, turn]) => {
    const nearer = looked.filter((each, index) => {
      const turned = turnThumbnail(each, image.channels, turn);
      return nearest(turned, all, index) <= before[index]!;
    });
    const share = nearer.length / looked.length;
    if (share < SUSPICIOUS_SHARE) return [];
    return `images that are ${title} look like other training images (${Math.round(100 * share)} % as much as before): where that is normal, leave such negatives out with --without-negatives rot`;
  });
}

type Turn = (typeof IMAGE_TURNS)[keyof typeof IMAGE_TURNS];

function turnThumbnail(from: Float32Array, channels: number, turn: Turn): Float32Array {
  return Float32Array.from({ length: channels * THUMBNAIL ** 2 }, (_, at) => {
    const pixel = at % THUMBNAIL ** 2;
    const [row, column] = turn(Math.floor(pixel / THUMBNAIL), pixel % THUMBNAIL, THUMBNAIL - 1);
    return from[at - pixel + row * THUMBNAIL + column]!;
  });
}

/** Means of equal squares. */
function thumbnail(row: Float32Array, { channels, size }: Planes): Float32Array {
  const side = size / THUMBNAIL;
  const out = new Float32Array(channels * THUMBNAIL ** 2);
  for (let at = 0; at < row.length; at++) {
    const [channel, pixel] = [Math.floor(at / size ** 2), at % size ** 2];
    const [y, x] = [Math.floor(Math.floor(pixel / size) / side), Math.floor((pixel % size) / side)];
    out[(channel * THUMBNAIL + y) * THUMBNAIL + x]! += row[at]! / side ** 2;
  }
  return out;
}

/** Squared distance to the nearest of all but one. */
function nearest(of: Float32Array, all: readonly Float32Array[], but: number): number {
  let best = Infinity;
  all.forEach((other, index) => {
    if (index === but) return;
    let distance = 0;
    for (let at = 0; at < of.length; at++) distance += (of[at]! - other[at]!) ** 2;
    best = Math.min(best, distance);
  });
  return best;
}
