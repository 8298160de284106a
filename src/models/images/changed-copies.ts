import type { RandomStream } from '../../base/philox.ts';
import { createDice } from './dice.ts';
import { PIXEL_MIDDLE, type ImageCriticPlan } from './image-critic.ts';
import { IMAGE_NEGATIVES } from './negatives.ts';
import { cut, type Square } from './views.ts';
import type { Planes } from './warp.ts';

export interface CopyOptions {
  readonly image: Planes;
  /** Raw rows of all images, [count, channels size size] in 0 .. 255. */
  readonly rows: Float32Array;
  /** Those that copies may take pixels from. */
  readonly others: Uint32Array;
  /** The kinds of changes, and the height and width of the piece of an image that is changed: what the critic looks at at a time. */
  readonly critic: Pick<ImageCriticPlan, 'negatives' | 'network'>;
  readonly stream: RandomStream;
}

/**
 * A copy of each chosen image, changed as the detecting critic's negatives are, as raw rows [chosen, channels size size]. The kinds take turns by
 * the images' places among all. Unlike in training no value leaves 0 .. 255: these are images that could be sent. The same for the same image and
 * stream, whatever else is chosen.
 */
export function changeCopies({ image, rows, others, critic, stream }: CopyOptions, chosen: Uint32Array): Float32Array {
  const { channels, size } = image;
  const { negatives, network } = critic;
  const [width, side] = [channels * size ** 2, network.size];
  const out = new Float32Array(chosen.length * width);
  const piece = { channels, size: side };
  chosen.forEach((row, index) => {
    const dice = createDice(stream, row);
    const square = { side, top: dice.whole(0, size - side), left: dice.whole(0, size - side) };
    const pieceOf = (of: number): Float32Array =>
      cut(rows.subarray(of * width, (of + 1) * width), image, square).map((pixel) => pixel / PIXEL_MIDDLE - 1);
    const result = new Float32Array(channels * side ** 2);
    const [sources, from] = [[pieceOf(row)], [pieceOf(others[dice.whole(0, others.length - 1)]!)]];
    const kind = negatives[row % negatives.length]!;
    IMAGE_NEGATIVES[kind]({ image: piece, sources, others: from, results: [result], dice });
    const copy = out.subarray(index * width, (index + 1) * width);
    copy.set(rows.subarray(row * width, (row + 1) * width));
    paste(copy, image, result, square);
  });
  return out;
}

/** Puts values in -1 .. 1, and what lies beyond them at the ends, into a square of a raw row. */
function paste(into: Float32Array, { size }: Planes, values: Float32Array, { side, top, left }: Square): void {
  values.forEach((value, at) => {
    const line = Math.floor(at / side);
    const place = Math.floor(line / side) * size ** 2 + (top + (line % side)) * size + left + (at % side);
    into[place] = Math.min(255, Math.max(0, (value + 1) * PIXEL_MIDDLE));
  });
}
