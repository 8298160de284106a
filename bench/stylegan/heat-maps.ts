import { z } from 'zod';
import { openImageDecoder } from '../../src/models/images/decode-image.ts';
import { drawGrid } from '../../src/models/images/grid.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { CORRUPTIONS, corruptDigits, explainDigits } from '../images/localise.ts';
import { fitClass } from '../images/measure.ts';
import { createSets } from '../images/sets.ts';
import { cpuSeconds } from './train.ts';

/** The digit that is normal, steps of the detecting critic, and images of each corruption. */
export const EXPLAINED = { digit: '8', steps: 1000, each: 5 } as const;

export const heatMapsSchema = z.object({
  /** Of CPU, for training. */
  seconds: z.number(),
  /** Images whose hottest pixel lies in what was changed, of all. */
  hits: z.number(),
  images: z.number(),
  /** Lines of images, changed images, nearest normal ones and heat maps, as a PNG in base64. */
  picture: z.string(),
});
export type HeatMaps = z.infer<typeof heatMapsSchema>;

/** Trains the detecting critic on half of a digit's images, and explains others that were changed in ways that it was not trained on. */
export async function drawHeatMaps(executor: Executor): Promise<HeatMaps> {
  const { digit, steps, each } = EXPLAINED;
  const split = await createSets().digit(digit, 0);
  const startedAt = cpuSeconds();
  const critic = await fitClass(executor, split, steps, 0);
  const seconds = cpuSeconds() - startedAt;
  const changed = CORRUPTIONS.flatMap((kind) => corruptDigits(split, kind, Number(digit), each));
  const explanations = await explainDigits(
    executor,
    critic,
    split,
    changed.map(({ image }) => image),
  );
  const decode = await openImageDecoder();
  const greyOf = (png: Uint8Array): Float32Array => decode(png).rgb.filter((_, at) => at % 3 === 0);
  const lines = [
    changed.map(({ original }) => original),
    changed.map(({ image }) => image),
    explanations.map(({ image }) => greyOf(image!.counterpartPng)),
    explanations.map(({ image }) => greyOf(image!.heatMapPng)),
  ];
  const rows = Float32Array.from(lines.flatMap((line) => line.flatMap((image) => [...image])));
  const picture = drawGrid(rows, { channels: 1, size: split.size }, { columns: changed.length, scale: 2 });
  const hits = changed.filter(({ mask }, at) => {
    const { row, column } = explanations[at]!.image!;
    return mask[row * split.size + column] === 1;
  }).length;
  return { seconds, hits, images: changed.length, picture: Buffer.from(picture).toString('base64') };
}
