import { createRandom } from '../../src/base/philox.ts';
import { createDice, type Dice } from '../../src/models/images/dice.ts';
import { imageExplainGraph, type TrainedImageCritic } from '../../src/models/images/scoring-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { explainImages, smoothHeat } from '../../src/scoring/explain-images.ts';
import type { Explanation } from '../../src/scoring/detector.ts';
import { createTurns } from '../../src/scoring/turns.ts';
import type { ImageSplit } from './sets.ts';

export const CORRUPTIONS = ['ellipse', 'scratch'] as const;
export type Corruption = (typeof CORRUPTIONS)[number];
export const MAPS = ['heat map', 'plain difference', 'centre'] as const;
export type MapName = (typeof MAPS)[number];

/** How many maxima of a map lie inside what was corrupted. */
export interface Pointing {
  readonly images: number;
  readonly hits: Readonly<Record<MapName, number>>;
}

/** Corrupted images of each digit. */
const IMAGES = 20;
const SIZE = 32;
const AREA = SIZE * SIZE;
/** Less than this between -1 and 1, all pixels together, is no corruption. */
const LEAST_CHANGE = (20 * 255) / 2;

/** Corrupts normal test images in a way that no negative is made, and sees where maps point. */
export async function measurePointing(
  executor: Executor,
  critic: TrainedImageCritic,
  split: ImageSplit,
  corruption: Corruption,
  seed: number,
): Promise<Pointing> {
  const made = corruptDigits(split, corruption, seed, IMAGES);
  const explanations = await explainDigits(
    executor,
    critic,
    split,
    made.map(({ image }) => image),
  );
  const hits = { 'heat map': 0, 'plain difference': 0, centre: 0 };
  made.forEach(({ image, mask }, index) => {
    const plain = smoothHeat(
      image.map((value, at) => Math.abs(value - nearestOf(image, split.train)[at]!)),
      SIZE,
    );
    const [{ row, column }] = [explanations[index]!.image!];
    hits['heat map'] += mask[row * SIZE + column]!;
    hits['plain difference'] += mask[plain.indexOf(plain.reduce((a, b) => Math.max(a, b)))]!;
    hits.centre += mask[(SIZE / 2) * SIZE + SIZE / 2]!;
  });
  return { images: made.length, hits };
}

/** Normal test images, corrupted. */
export function corruptDigits(split: ImageSplit, corruption: Corruption, seed: number, count: number): Corrupted[] {
  const dice = createDice(createRandom(5).stream('corrupt', corruption), seed);
  const rowsOf = (kind: number): Float32Array[] =>
    [...split.anomalous.keys()]
      .filter((row) => split.anomalous[row] === kind)
      .map((row) => split.test.subarray(row * AREA, (row + 1) * AREA));
  const [normals, others] = [rowsOf(0), rowsOf(1)];
  return dice
    .order(normals.length)
    .slice(0, count)
    .map((row) => corrupt(corruption, normals[row]!, others, dice));
}

/** What the service answers of images, in their order. */
export async function explainDigits(
  executor: Executor,
  critic: TrainedImageCritic,
  split: ImageSplit,
  images: readonly Float32Array[],
): Promise<Explanation[]> {
  const rows = new Float32Array(images.length * AREA);
  images.forEach((image, index) => rows.set(image, index * AREA));
  const session = await executor.compile(imageExplainGraph(split, critic));
  try {
    return await explainImages(session, {
      field: { name: 'image', kind: 'image', channels: 1, size: SIZE },
      ...{ rows, scores: new Float32Array(images.length), pValues: new Float64Array(images.length) },
      ...{ normals: Uint8Array.from(split.train, Math.round), checkAlive: () => undefined, turn: createTurns() },
    });
  } finally {
    await session.close();
  }
}

function nearestOf(image: Float32Array, train: Float32Array): Float32Array {
  let [best, least] = [0, Infinity];
  for (let start = 0; start < train.length; start += AREA) {
    let distance = 0;
    for (let at = 0; at < AREA && distance < least; at++) distance += (image[at]! - train[start + at]!) ** 2;
    if (distance < least) [best, least] = [start, distance];
  }
  return train.subarray(best, best + AREA);
}

interface Corrupted {
  readonly original: Float32Array;
  readonly image: Float32Array;
  /** 1 where it was corrupted. */
  readonly mask: Uint8Array;
}

/** As image_critic.py: an ellipse with another digit's pixels, or a bright or dark scratch two pixels wide. */
function corrupt(kind: Corruption, from: Float32Array, others: readonly Float32Array[], dice: Dice): Corrupted {
  for (;;) {
    const [cy, cx, turn] = [dice.uniform(9, 23), dice.uniform(9, 23), dice.uniform(0, Math.PI)];
    const other = others[dice.whole(0, others.length - 1)]!;
    const isInside =
      kind === 'ellipse' ? ellipse(dice.uniform(3.5, 8), dice.uniform(3.5, 8)) : line(0.75 * dice.uniform(5, 12));
    const value = dice.coin() ? 255 : 0;
    const mask = Uint8Array.from({ length: AREA }, (_, pixel) => {
      const [y, x] = [Math.floor(pixel / SIZE) + 0.5 - cy, (pixel % SIZE) + 0.5 - cx];
      const [along, across] = [x * Math.cos(turn) + y * Math.sin(turn), y * Math.cos(turn) - x * Math.sin(turn)];
      return isInside(along, across) ? 1 : 0;
    });
    const image = from.map((pixel, at) => (mask[at] === 0 ? pixel : kind === 'ellipse' ? other[at]! : value));
    const change = image.reduce((total, pixel, at) => total + Math.abs(pixel - from[at]!), 0);
    if (change > LEAST_CHANGE) return { original: from, image, mask };
  }
}

const ellipse = (a: number, b: number) => (along: number, across: number) => (along / a) ** 2 + (across / b) ** 2 < 1;
const line = (length: number) => (along: number, across: number) => Math.abs(along) < length && Math.abs(across) < 1.2;
