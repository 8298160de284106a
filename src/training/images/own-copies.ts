import { createRandom } from '../../base/philox.ts';
import { createDice } from '../../models/images/dice.ts';
import { IMAGE_NEGATIVES, IMAGE_TURNS, type ImageNegative } from '../../models/images/negatives.ts';
import { shrinkRows } from '../../models/images/shrink.ts';
import type { Planes } from '../../models/images/warp.ts';
import { COMPARED, cutRows, LOOKED_AT, nearest, shareOf, thumbnailsOf, turnThumbnail } from './thumbnails.ts';

/** Height and width of what is moved before it is shrunk to a thumbnail. */
const PIECE = 16;
/** Unlike images, turned, are nearer to another image than they were in a few cases; images that come any way round, in about half. */
const ALIKE_SHARE = 0.4;
/** Images that are moved, and copies that are drawn of each: one should come near a copy that is there, which was made by other numbers. */
const [MOVED, COPIES] = [100, 64];
/**
 * What the distance to the nearest other image is times, at most, where one is a copy of the other, and the share of the images of which there
 * are copies: docs/decisions/0041 has what this share is for images without and with copies.
 */
const [NEAR, COPIED_SHARE] = [0.55, 0.17];

/** Kinds of negatives that are the whole image at another place, and what became of it. */
const MOVES = { shift: 'shifted', affine: 'rotated, scaled and sheared' } as const;
type Move = keyof typeof MOVES;
const MOVE_NAMES = Object.keys(MOVES) as Move[];

/**
 * Warns of kinds of negatives that the training images have already: where images that are turned look like other training images as much as they did before, or
 * where many become far more like another one once they are moved, as copies of each other do. Then such an image is normal, and the critic would be
 * trained against normal images. Only kinds that it is trained against are looked at. `rows` are raw rows, the first of which are looked at.
 */
export function warnOfOwnCopies(rows: Float32Array, image: Planes, negatives: readonly ImageNegative[]): string[] {
  const count = Math.min(COMPARED, rows.length / widthOf(image));
  const piece = { channels: image.channels, size: Math.min(PIECE, image.size) };
  const small = shrinkRows(rows.subarray(0, count * widthOf(image)), image, piece.size);
  const thumbnails = thumbnailsOf(small, piece);
  const pieces = cutRows(small.subarray(0, LOOKED_AT * widthOf(piece)), widthOf(piece));
  const before = pieces.map((_, index) => nearest(thumbnails[index]!, thumbnails, index));
  const looked = { piece, pieces, thumbnails, before };
  const moves = MOVE_NAMES.filter((kind) => negatives.includes(kind));
  return [
    ...(negatives.includes('rot') ? warnOfTurns(looked) : []),
    ...moves.flatMap((kind) => warnOfCopies(kind, MOVES[kind], shareMoved(looked, kind))),
  ];
}

interface LookedAt {
  readonly piece: Planes;
  /** The images that are looked at, at the size of a piece. */
  readonly pieces: readonly Float32Array[];
  /** Of all images that are compared. */
  readonly thumbnails: readonly Float32Array[];
  /** Squared distance of each that is looked at to the nearest of the others. */
  readonly before: readonly number[];
}

/** One warning of all turns after which images look as much like others as before; else of turned copies. */
function warnOfTurns({ piece: { channels }, thumbnails, before }: LookedAt): string[] {
  const turns = Object.entries(IMAGE_TURNS).map(([title, turn]) => ({
    title,
    distances: before.map((_, at) => nearest(turnThumbnail(thumbnails[at]!, channels, turn), thumbnails, at)),
  }));
  const alike = turns
    .map(({ title, distances }) => ({ title, share: shareOf(before, (each, at) => distances[at]! <= each) }))
    .filter(({ share }) => share >= ALIKE_SHARE);
  if (alike.length === 0) {
    const copied = shareOf(before, (each, at) => turns.some(({ distances }) => isCopy(distances[at]!, each)));
    return warnOfCopies('rot', 'turned or upside down', copied);
  }
  const titles = alike.map(({ title, share }) => `${title} (${percent(share)} as much as before)`);
  return [advise('rot', `images that are ${titles.join(', or ')} look like other training images`)];
}

/** Of how many images one of the copies that are drawn, as the critic's negatives are, is that of another image. */
function shareMoved({ piece, pieces, thumbnails, before }: LookedAt, kind: Move): number {
  const width = widthOf(piece);
  const stream = createRandom(1).stream('own copies', kind);
  return shareOf(before.slice(0, MOVED), (each, at) => {
    const drawn = new Float32Array(COPIES * width);
    const results = cutRows(drawn, width);
    const sources = results.map(() => pieces[at]!);
    IMAGE_NEGATIVES[kind]({ image: piece, sources, others: sources, results, dice: createDice(stream, at) });
    return thumbnailsOf(drawn, piece).some((copy) => isCopy(nearest(copy, thumbnails, at, NEAR ** 2 * each), each));
  });
}

function warnOfCopies(kind: ImageNegative, moved: string, share: number): string[] {
  if (share < COPIED_SHARE) return [];
  return [
    advise(kind, `${percent(share)} of the images, ${moved}, are far more like another training image than before`),
  ];
}

const advise = (kind: ImageNegative, what: string): string =>
  `${what}: where that is normal, leave such negatives out with --without-negatives ${kind}`;
const percent = (share: number): string => `${Math.round(100 * share)} %`;
const isCopy = (distance: number, before: number): boolean => distance < NEAR ** 2 * before;

const widthOf = ({ channels, size }: Planes): number => channels * size ** 2;
