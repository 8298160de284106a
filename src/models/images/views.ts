import { broadcastTo, concat, constant, max, reshape, slice, transpose } from '../../graph/operations.ts';
import { batchFactor, batchTimes, type Dimension, shapeError } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Dice } from './dice.ts';
import type { Planes } from './warp.ts';

/** Normal images, [count, channels size size], values in [-1, 1]. */
export interface TrainingImages extends Planes {
  readonly count: number;
  readonly values: Float32Array;
}

/** What is drawn of a training image: [channels size size] of the view, and what the network sees beside it. */
export interface Cut {
  readonly pixels: Float32Array;
  readonly beside: Float32Array;
}

/** What a critic sees of images: them whole, or overlapping patches of them. */
export interface View {
  /** What is looked at in one piece. */
  readonly piece: Planes;
  /** Channels of the network's input: the piece's, then those that say where it lies. */
  readonly inputs: number;
  draw(images: TrainingImages, dice: Dice): Cut;
  /** [N, channels, size, size] -> [N pieces, inputs, piece, piece]. */
  look(x: Tensor): Tensor;
  /** Scores of the pieces [N pieces, 1] -> of the images [N, 1]. */
  pool(scores: Tensor): Tensor;
}

/** One piece: the image. */
export function viewWhole(image: Planes): View {
  const beside = new Float32Array(0);
  return {
    piece: image,
    inputs: image.channels,
    draw: (images, dice) => ({ pixels: imageAt(images, dice), beside }),
    look: (x) => x,
    pool: (scores) => scores,
  };
}

/** Channels that say where a pixel of a patch lies in its image: its row and its column, -1 to 1 (Liu et al. 2018, section 3). */
const PLACE_CHANNELS = 2;

/**
 * Square patches of `side` pixels that overlap by half, so that what is smaller than half a patch lies whole in one of them. Training draws them
 * anywhere; an image scores as its most anomalous patch does.
 */
export function viewPatches(image: Planes, side: number): View {
  const { channels, size } = image;
  const [step, cells] = [side / 2, (2 * size) / side];
  const across = cells - 1;
  const patches = across ** 2;
  const inputs = channels + PLACE_CHANNELS;
  const places = Array.from({ length: patches }, (_, patch) =>
    placeOf(size, side, Math.floor(patch / across) * step, (patch % across) * step),
  );
  const beside = constant(
    places.flatMap((place) => [...place]),
    [1, patches, PLACE_CHANNELS, side, side],
  );
  return {
    piece: { channels, size: side },
    inputs,
    draw: (images, dice) => {
      const [top, left] = [dice.whole(0, size - side), dice.whole(0, size - side)];
      return {
        pixels: cut(imageAt(images, dice), image, { side, top, left }),
        beside: placeOf(size, side, top, left),
      };
    },
    look: (x) => {
      const n = x.shape[0]!;
      const grid = reshape(x, [n, channels, cells, step, cells, step]);
      const parts = transpose(pairCells(pairCells(grid, 2), 4), [0, 2, 4, 1, 3, 5]);
      const pixels = reshape(parts, [n, patches, channels, side, side]);
      const where = broadcastTo(beside, [n, patches, PLACE_CHANNELS, side, side]);
      return reshape(concat([pixels, where], 2), [times(n, patches), inputs, side, side]);
    },
    pool: (scores) =>
      reshape(max(reshape(scores, [dividedBy(scores.shape[0]!, patches), patches]), 1), [
        dividedBy(scores.shape[0]!, patches),
        1,
      ]),
  };
}

/** [..., cells, step, ...] -> [..., cells - 1, 2 step, ...]: each cell and the next one, as one. */
function pairCells(x: Tensor, axis: number): Tensor {
  const cells = x.shape[axis] as number;
  return concat([slice(x, axis, 0, cells - 1), slice(x, axis, 1, cells)], axis + 1);
}

function imageAt({ channels, size, count, values }: TrainingImages, dice: Dice): Float32Array {
  const width = channels * size ** 2;
  const start = dice.whole(0, count - 1) * width;
  return values.subarray(start, start + width);
}

export interface Square {
  readonly side: number;
  readonly top: number;
  readonly left: number;
}

/** A square of an image [channels size size]: [channels side side]. */
export function cut(from: Float32Array, { channels, size }: Planes, { side, top, left }: Square): Float32Array {
  const out = new Float32Array(channels * side ** 2);
  for (let line = 0; line < channels * side; line++) {
    const start = Math.floor(line / side) * size ** 2 + (top + (line % side)) * size + left;
    out.set(from.subarray(start, start + side), line * side);
  }
  return out;
}

/** Rows, then columns, of a patch's pixels in the image, [2 side side]. */
function placeOf(size: number, side: number, top: number, left: number): Float32Array {
  const scaled = (at: number): number => (2 * at) / (size - 1) - 1;
  return Float32Array.from({ length: PLACE_CHANNELS * side ** 2 }, (_, at) => {
    const pixel = at % side ** 2;
    return at < side ** 2 ? scaled(top + Math.floor(pixel / side)) : scaled(left + (pixel % side));
  });
}

/** So many for each row, however many rows there are. */
export const times = (n: Dimension, factor: number): Dimension =>
  typeof n === 'number' ? n * factor : batchTimes(batchFactor(n)! * factor);

function dividedBy(n: Dimension, factor: number): Dimension {
  if (typeof n === 'number') return n / factor;
  const rows = batchFactor(n)! / factor;
  if (!Number.isInteger(rows)) throw shapeError(`${n} is no whole number of ${factor} patches`);
  return batchTimes(rows);
}
