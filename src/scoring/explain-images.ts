import { AristarchError } from '../base/errors.ts';
import { EXPLAIN_FILE } from '../models/artefact/layout.ts';
import type { ImageField } from '../models/features/schema.ts';
import { encodePng } from '../models/images/formats/png.ts';
import { IMAGE_EXPLAIN } from '../models/images/scoring-graph.ts';
import { ROWS_INPUT } from '../models/scoring-graph.ts';
import type { Session } from '../runtime/executor.ts';
import type { Explanation, ImageExplanation } from './detector.ts';
import type { Turn } from './turns.ts';

/** Deviation of the Gaussian that smooths a heat map, in pixels: image-critic.md, "Localisation". */
const BLUR = 2;

export interface ImageExplainJob {
  readonly field: ImageField;
  /** Raw rows, packed. */
  readonly rows: Float32Array;
  readonly scores: Float32Array;
  readonly pValues: Float64Array;
  /** Training images, a byte a pixel, among which counterparts are looked for. */
  readonly normals: Uint8Array;
  /** Asked before each image; throws to stop. */
  readonly checkAlive: () => void;
  readonly turn: Turn;
}

/** Explains images, one after the other: the nearest training image, and where the difference from it adds to the score. */
export async function explainImages(session: Session, job: ImageExplainJob): Promise<Explanation[]> {
  const { field, rows, scores, pValues } = job;
  const width = field.channels * field.size ** 2;
  const explanations: Explanation[] = [];
  for (let index = 0; index < scores.length; index++) {
    await job.turn();
    job.checkAlive();
    const row = rows.subarray(index * width, (index + 1) * width);
    const counterpart = nearestNormal(row, job.normals, field);
    const shape = [1, width];
    const results = await session.run({
      [ROWS_INPUT]: { data: row, shape },
      [IMAGE_EXPLAIN.counterparts]: { data: counterpart, shape },
    });
    const [heat, score] = [results[IMAGE_EXPLAIN.heat]?.data, results[IMAGE_EXPLAIN.counterpartScores]?.data[0]];
    if (heat === undefined || score === undefined) {
      throw new AristarchError('ARTEFACT_INVALID', `${EXPLAIN_FILE} does not answer as it should: train again`);
    }
    const image = describeImage(smoothHeat(heat, field.size), counterpart, field);
    explanations.push(
      toExplanation({ field, image, score: scores[index]!, pValue: pValues[index]!, counterpartScore: score }),
    );
  }
  return explanations;
}

interface Explained {
  readonly field: ImageField;
  readonly image: ImageExplanation;
  readonly score: number;
  readonly pValue: number;
  readonly counterpartScore: number;
}

function toExplanation({ field, image, score, pValue, counterpartScore }: Explained): Explanation {
  const sentence = `${field.name} differs most from the nearest normal image about row ${image.row}, column ${image.column}`;
  const contribution = score - counterpartScore;
  const contributions = [{ field: field.name, value: null, normal: null, contribution, sentence }];
  return { score, pValue, counterpart: {}, counterpartScore, contributions, image };
}

/**
 * The training image with the smallest squared difference, [width]; of images that are looked at by patches, put together of the nearest
 * patches of training images, each at its own place.
 */
function nearestNormal(
  row: Float32Array,
  normals: Uint8Array,
  { channels, size, patchSize = size }: ImageField,
): Float32Array {
  const counterpart = new Float32Array(row.length);
  for (let top = 0; top < size; top += patchSize) {
    for (let left = 0; left < size; left += patchSize) {
      const lines = Array.from({ length: channels * patchSize }, (_, line) => {
        const [plane, down] = [Math.floor(line / patchSize), line % patchSize];
        return (plane * size + top + down) * size + left;
      });
      const nearest = nearestPart(row, normals, lines, patchSize);
      for (const line of lines) counterpart.set(normals.subarray(nearest + line, nearest + line + patchSize), line);
    }
  }
  return counterpart;
}

/** Where the training image starts that is nearest in some lines, each `length` long. */
function nearestPart(row: Float32Array, normals: Uint8Array, lines: readonly number[], length: number): number {
  let [best, least] = [0, Infinity];
  for (let start = 0; start + row.length <= normals.length; start += row.length) {
    let distance = 0;
    for (const line of lines) {
      if (distance >= least) break;
      for (let at = line; at < line + length; at++) distance += (row[at]! - normals[start + at]!) ** 2;
    }
    if (distance < least) [best, least] = [start, distance];
  }
  return best;
}

function describeImage(
  heat: Float32Array,
  counterpart: Float32Array,
  { channels, size }: ImageField,
): ImageExplanation {
  const hottest = heat.indexOf(heat.reduce((a, b) => Math.max(a, b)));
  const most = heat[hottest]! || 1;
  const grey = Uint8Array.from(heat, (value) => Math.round((255 * value) / most));
  const pixels = Uint8Array.from({ length: size * size * channels }, (_, at) => {
    return counterpart[(at % channels) * size * size + Math.floor(at / channels)]!;
  });
  return {
    ...{ heat, row: Math.floor(hottest / size), column: hottest % size },
    heatMapPng: encodePng(size, size, 1, grey),
    counterpartPng: encodePng(size, size, channels, pixels),
  };
}

/** A Gaussian along both axes; the border is repeated outside. */
export function smoothHeat(heat: Float32Array, size: number): Float32Array {
  const reach = 4 * BLUR;
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * BLUR ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const within = (at: number): number => Math.min(size - 1, Math.max(0, at));
  const along = (from: Float32Array, across: number, down: number): Float32Array =>
    from.map((_, pixel) => {
      const [row, column] = [Math.floor(pixel / size), pixel % size];
      const value = (step: number): number => from[within(row + step * down) * size + within(column + step * across)]!;
      return weights.reduce((sum, weight, at) => sum + weight * value(at - reach), 0) / total;
    });
  return along(along(heat, 1, 0), 0, 1);
}
