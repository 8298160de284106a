import { AristarchError } from '../../base/errors.ts';
import { scopeRandom, type Random } from '../../base/philox.ts';
import { imageCritic, type ImageFamilyValues } from '../../models/families/image-critic.ts';
import { PIXEL_MIDDLE } from '../../models/images/image-critic.ts';
import { imageScoringGraph, type TrainedImageCritic } from '../../models/images/scoring-graph.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { Split } from '../fit/split.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';

export interface FitImagesOptions {
  readonly executor: Executor;
  readonly values: ImageFamilyValues & { readonly stepsPerCall: number; readonly foldSteps: number };
  readonly image: Planes;
  /** Raw rows, [count, channels size size]. */
  readonly rows: Float32Array;
  readonly random: Random;
  /** Told after each call of the loop; throws to end the run. */
  readonly onProgress: (round: string, progress: TaskProgress) => void;
}

export interface FittedImageCritic extends TrainedImageCritic {
  readonly progress: TaskProgress;
}

/** Images whose scores set the critic's mean and deviation: image-critic.md, `fit`. */
const STANDARDISING_IMAGES = 1500;
/** Pixels that go through a critic at a time. */
const PIXELS_PER_CALL = 2 ** 21;

/** Trains a critic on chosen images. Throws `TRAINING_DIVERGED`. */
export async function fitImageCritic(
  options: FitImagesOptions,
  round: string,
  chosen: Uint32Array,
  share = 1,
): Promise<FittedImageCritic> {
  const { executor, values, image } = options;
  const training = packImages(options, chosen);
  const scaled = training.map((pixel) => pixel / PIXEL_MIDDLE - 1);
  const plan = imageCritic.plan(values, { ...image, count: chosen.length, values: scaled }, share);
  const progress = await runTask({
    ...{ executor, task: plan.task, random: scopeRandom(options.random, round), stepsPerCall: values.stepsPerCall },
    onProgress: (now) => {
      options.onProgress(round, now);
      return Promise.resolve('continue');
    },
  });
  const critic = { plan, weights: progress.state, mean: 0, deviation: 1 };
  const width = image.channels * image.size ** 2;
  const scores = await scoreImages(executor, image, critic, training.subarray(0, STANDARDISING_IMAGES * width));
  const mean = scores.reduce((total, score) => total + score, 0) / scores.length;
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / scores.length;
  return { ...critic, mean, deviation: Math.sqrt(variance) || 1, progress };
}

/** The final critic, and the scores of held-out images by it or by the critic of their fold, ascending. */
export async function fitImages(
  options: FitImagesOptions,
  split: Split,
): Promise<{ readonly critic: FittedImageCritic; readonly heldOut: readonly { row: number; score: number }[] }> {
  const heldOut: { row: number; score: number }[] = [];
  const collect = async (critic: TrainedImageCritic, chosen: Uint32Array): Promise<void> => {
    const scores = await scoreImages(options.executor, options.image, critic, packImages(options, chosen));
    if (!scores.every(Number.isFinite)) {
      throw new AristarchError('TRAINING_DIVERGED', 'held-out images score NaN or infinite: lower --learning-rate');
    }
    chosen.forEach((row, index) => heldOut.push({ row, score: scores[index]! }));
  };
  for (const { name, train, heldOut: chosen } of split.rounds) {
    if (train) await collect(await fitImageCritic(options, name, train, options.values.foldSteps), chosen);
  }
  const critic = await fitImageCritic(options, 'final', split.final);
  for (const { train, heldOut: chosen } of split.rounds) if (!train) await collect(critic, chosen);
  return { critic, heldOut: heldOut.sort((a, b) => a.score - b.score || a.row - b.row) };
}

/** Scores of raw rows. */
export async function scoreImages(
  executor: Executor,
  image: Planes,
  critic: TrainedImageCritic,
  rows: Float32Array,
): Promise<Float32Array> {
  const width = image.channels * image.size ** 2;
  const scores = new Float32Array(rows.length / width);
  const perCall = Math.max(1, Math.floor(PIXELS_PER_CALL / width));
  const session = await executor.compile(imageScoringGraph(image, critic));
  try {
    for (let from = 0; from < scores.length; from += perCall) {
      const data = rows.subarray(from * width, (from + perCall) * width);
      const results = await session.run({ [ROWS_INPUT]: { data, shape: [data.length / width, width] } });
      scores.set(results[SCORES_OUTPUT]!.data, from);
    }
  } finally {
    await session.close();
  }
  return scores;
}

function packImages({ rows, image }: FitImagesOptions, chosen: Uint32Array): Float32Array {
  const width = image.channels * image.size ** 2;
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((row, index) => out.set(rows.subarray(row * width, (row + 1) * width), index * width));
  return out;
}
