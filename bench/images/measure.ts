import { z } from 'zod';
import { createRandom } from '../../src/base/philox.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { imageCritic, stepsFor } from '../../src/models/families/image-critic.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { fitImageCritic, scoreImages, type FittedImageCritic } from '../../src/training/images/fit-images.ts';
import { mirrorsLookAlike } from '../../src/training/images/mirror-images.ts';
import type { Journal } from '../../src/training/fit/fit-critics.ts';
import { cached } from '../support/cached.ts';
import { CORRUPTIONS, MAPS, measurePointing } from './localise.ts';
import { nearestDistances } from './nearest.ts';
import type { ImageSplit } from './sets.ts';

const pointing = z.object({ images: z.number(), hits: z.record(z.enum(MAPS), z.number()) });
/** What one class and seed gave; shares, not percent. */
export const imageResultSchema = z.object({
  name: z.string(),
  seed: z.number(),
  steps: z.number(),
  trainImages: z.number(),
  testImages: z.number(),
  /** By one pass over each image, and by the mean over an image and its mirror image. */
  aurocs: z.strictObject({ one: z.number(), both: z.number() }),
  /** Which of these the product has for this class. */
  passes: z.enum(['one', 'both']),
  nearestAuroc: z.number(),
  /** Processor time of training, and of scoring all test images. */
  trainSeconds: z.number(),
  scoreSeconds: z.strictObject({ one: z.number(), both: z.number() }),
  pointing: z.record(z.enum(CORRUPTIONS), pointing).optional(),
});
export type ImageResult = z.infer<typeof imageResultSchema>;
/** That of the product. */
export const aurocOf = ({ aurocs, passes }: Pick<ImageResult, 'aurocs' | 'passes'>): number => aurocs[passes];

export interface MeasureOptions {
  readonly executor: Executor;
  readonly name: string;
  readonly seed: number;
  /** Those of the product when absent. */
  readonly steps: number | undefined;
  readonly fresh: boolean;
  /** Whether corrupted images are looked at, too. */
  readonly isLocalised: boolean;
  readonly split: () => Promise<ImageSplit>;
}

/** Images to train on. */
const countOf = ({ train, channels, size }: ImageSplit): number => train.length / (channels * size ** 2);

/** Trains on one class, as `train --critic-only` does, and scores the test images. Taken from the cache where it is there. */
export async function measureClass(options: MeasureOptions): Promise<ImageResult> {
  const { name, seed, fresh } = options;
  const split = await options.split();
  const steps = options.steps ?? stepsFor(countOf(split));
  const key = `images-${steps}/${name}-${seed}`;
  return (await cached({ key, schema: imageResultSchema, fresh }, () => measure({ ...options, steps }, split))).value;
}

async function measure(
  { executor, name, seed, steps, isLocalised }: MeasureOptions & { readonly steps: number },
  split: ImageSplit,
): Promise<ImageResult> {
  const { train, test, anomalous } = split;
  const width = split.channels * split.size ** 2;
  const [critic, trainSeconds] = await timed(() => fitClass(executor, split, steps, seed));
  const rank = (of: ArrayLike<number>): number => rankingMetrics(Float32Array.from(of), anomalous).auroc;
  const scoreBy = (isMirrored: boolean) => () => scoreImages(executor, split, { ...critic, isMirrored }, test);
  const [scores, scoreSeconds] = await timed(scoreBy(false));
  const [mirrored, mirroredSeconds] = await timed(scoreBy(true));
  const nearest = await nearestDistances(executor, train, test, width);
  const pointings = isLocalised
    ? await Promise.all(
        CORRUPTIONS.map(
          async (kind) => [kind, await measurePointing(executor, critic, split, kind, Number(name))] as const,
        ),
      )
    : [];
  return {
    ...{ name, seed, steps, trainImages: train.length / width, testImages: anomalous.length },
    aurocs: { one: rank(scores), both: rank(mirrored) },
    passes: critic.isMirrored ? ('both' as const) : ('one' as const),
    nearestAuroc: rank(nearest),
    ...{ trainSeconds, scoreSeconds: { one: scoreSeconds, both: mirroredSeconds } },
    ...(isLocalised && { pointing: Object.fromEntries(pointings) as ImageResult['pointing'] }),
  };
}

/** The critic that `train --critic-only` would train on all of a class. */
export function fitClass(
  executor: Executor,
  split: ImageSplit,
  steps: number,
  seed: number,
): Promise<FittedImageCritic> {
  const { train } = split;
  const values = resolveSettings(imageCritic.settings, { flags: {}, env: {}, file: { steps } });
  const chosen = Uint32Array.from({ length: countOf(split) }, (_, row) => row);
  const options = {
    ...{ executor, family: imageCritic, values, image: split, rows: train, random: createRandom(seed) },
    ...{ stepsPerCall: 25, foldSteps: 1, journal: UNHEARD, isMirrored: mirrorsLookAlike(train, split) },
  };
  return fitImageCritic(options, 'final', chosen);
}

/** Nobody is told, and nothing is kept. */
export const UNHEARD: Journal = {
  resume: () => Promise.resolve(undefined),
  progress: () => Promise.resolve('continue'),
  finished: () => Promise.resolve(),
  save: () => Promise.resolve(),
};

/** What is answered, and the seconds of processor time that it took. */
async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const before = process.cpuUsage();
  const answer = await work();
  const { user, system } = process.cpuUsage(before);
  return [answer, (user + system) / 1e6];
}
