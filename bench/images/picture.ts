import { join } from 'node:path';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRandom } from '../../src/base/philox.ts';
import { createDice } from '../../src/models/images/dice.ts';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { IMAGE_NEGATIVE_NAMES, IMAGE_NEGATIVES } from '../../src/models/images/negatives.ts';
import { PIXEL_MIDDLE } from '../../src/models/images/image-critic.ts';
import { DOCS } from '../support/documents.ts';
import type { ImageSplit } from './sets.ts';

/** Negatives of a kind beside each other, after the image that they were made of. */
const NEGATIVES = 7;
const SCALE = 2;
const GAP = 4;

/** docs/images/image-negatives.png: a line for each kind of negative, in the order of their table. */
export async function drawNegatives(split: ImageSplit): Promise<void> {
  const { size, channels } = split;
  const cell = size * SCALE + GAP;
  const [width, height] = [(NEGATIVES + 1) * cell + GAP, IMAGE_NEGATIVE_NAMES.length * cell + GAP];
  const pixels = new Uint8Array(width * height * 3).fill(255);
  IMAGE_NEGATIVE_NAMES.forEach((kind, line) => {
    negativesOf(split, kind, line).forEach((image, column) => {
      for (let y = 0; y < size * SCALE; y++) {
        for (let x = 0; x < size * SCALE; x++) {
          const from = Math.floor(y / SCALE) * size + Math.floor(x / SCALE);
          const to = ((GAP + line * cell + y) * width + GAP + column * cell + x) * 3;
          for (let colour = 0; colour < 3; colour++) {
            const value = image[(colour % channels) * size * size + from]!;
            pixels[to + colour] = Math.min(255, Math.max(0, Math.round((value + 1) * PIXEL_MIDDLE)));
          }
        }
      }
    });
  });
  await writeFileAtomic(join(DOCS, 'images/image-negatives.png'), encodePng(width, height, 3, pixels));
}

/** An image, and negatives of it. */
function negativesOf(split: ImageSplit, kind: keyof typeof IMAGE_NEGATIVES, line: number): Float32Array[] {
  const width = split.channels * split.size ** 2;
  const imageAt = (row: number): Float32Array =>
    split.train.subarray(row * width, (row + 1) * width).map((pixel) => pixel / PIXEL_MIDDLE - 1);
  const source = imageAt(line);
  const results = Array.from({ length: NEGATIVES }, (_, step) => {
    const result = new Float32Array(width);
    const dice = createDice(createRandom(1).stream('picture', kind), step);
    IMAGE_NEGATIVES[kind]({ image: split, sources: [source], others: [imageAt(100 + step)], results: [result], dice });
    return result;
  });
  return [source, ...results];
}
