import { AristarchError } from '../../base/errors.ts';
import { scopeRandom, type Random } from '../../base/philox.ts';
import type { AnyImageFamily } from '../../models/families/image-family.ts';
import { PIXEL_MIDDLE } from '../../models/images/image-critic.ts';
import { imageScoringGraph, type TrainedImageCritic } from '../../models/images/scoring-graph.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import type { Split } from '../fit/split.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';

export interface FitImagesOptions {
  readonly executor: Executor;
  readonly family: Pick<AnyImageFamily, 'plan'>;
  /** Of the family's settings. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly stepsPerCall: number;
  /** Share of the steps that a fold takes. */
  readonly foldSteps: number;
  readonly image: Planes;
  /** Raw rows, [count, channels size size]. */
  readonly rows: Float32Array;
  readonly random: Random;
  readonly journal: Journal;
}

export interface FittedImageCritic extends TrainedImageCritic {
  readonly progress: TaskProgress;
}

/** Images whose scores set the critic's mean and deviation: image-critic.md, `fit`. */
const STANDARDISING_IMAGES = 1500;
/** Pixels that go through a critic at a time. */
const PIXELS_PER_CALL = 2 ** 21;

/** Trains a critic on chosen images, from where the journal knows it to stand. Throws `TRAINING_DIVERGED`. */
export async function fitImageCritic(
  options: FitImagesOptions,
  round: string,
  chosen: Uint32Array,
  share = 1,
): Promise<FittedImageCritic> {
  const { executor, family, values, image, journal, stepsPerCall } = options;
  const training = packImages(options, chosen);
  const scaled = training.map((pixel) => pixel / PIXEL_MIDDLE - 1);
  const plan = family.plan(values, { ...image, count: chosen.length, values: scaled }, share);
  const { task } = plan;
  const resumeFrom = await journal.resume(round, task);
  const progress = await runTask({
    ...{ executor, task, random: scopeRandom(options.random, round), stepsPerCall },
    ...(resumeFrom && { resumeFrom }),
    onProgress: (now) => journal.progress(round, task, now),
  });
  await journal.finished(round, task, progress);
  const critic = { plan, weights: progress.state, mean: 0, deviation: 1 };
  const width = image.channels * image.size ** 2;
  const scores = await scoreImages(executor, image, critic, training.subarray(0, STANDARDISING_IMAGES * width));
  const mean = scores.reduce((total, score) => total + score, 0) / scores.length;
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / scores.length;
  return { ...critic, mean, deviation: Math.sqrt(variance) || 1, progress };
}

/** Told of each critic that scores held-out images, and of these. */
export type HeldOutHook = (critic: TrainedImageCritic, heldOut: Uint32Array) => Promise<void>;

/** The final critic, and the scores of held-out images by it or by the critic of their fold, ascending. */
export async function fitImages(
  options: FitImagesOptions,
  split: Split,
  onHeldOut?: HeldOutHook,
): Promise<{ readonly critic: FittedImageCritic; readonly heldOut: readonly { row: number; score: number }[] }> {
  const heldOut: { row: number; score: number }[] = [];
  const collect = async (critic: TrainedImageCritic, chosen: Uint32Array): Promise<void> => {
    const scores = await scoreImages(options.executor, options.image, critic, packImages(options, chosen));
    if (!scores.every(Number.isFinite)) {
      throw new AristarchError('TRAINING_DIVERGED', 'held-out images score NaN or infinite: lower --learning-rate');
    }
    chosen.forEach((row, index) => heldOut.push({ row, score: scores[index]! }));
    await onHeldOut?.(critic, chosen);
  };
  for (const { name, train, heldOut: chosen } of split.rounds) {
    if (train) await collect(await fitImageCritic(options, name, train, options.foldSteps), chosen);
  }
  const critic = await fitImageCritic(options, 'final', split.final);
  for (const { train, heldOut: chosen } of split.rounds) if (!train) await collect(critic, chosen);
  return { critic, heldOut: heldOut.sort((a, b) => a.score - b.score || a.row - b.row) };
}

/** Scores of raw rows by the detecting critic. */
export const scoreImages = (
  executor: Executor,
  image: Planes,
  critic: TrainedImageCritic,
  rows: Float32Array,
): Promise<Float32Array> => scoreByGraph(executor, image, imageScoringGraph(image, critic), rows);

/** Scores of raw rows by a graph that scores such. */
export async function scoreByGraph(
  executor: Executor,
  image: Planes,
  graph: Graph,
  rows: Float32Array,
): Promise<Float32Array> {
  const width = image.channels * image.size ** 2;
  const scores = new Float32Array(rows.length / width);
  const perCall = Math.max(1, Math.floor(PIXELS_PER_CALL / width));
  const session = await executor.compile(graph);
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

/** Raw rows of chosen images, one after the other. */
export function packImages(
  { rows, image }: Pick<FitImagesOptions, 'rows' | 'image'>,
  chosen: Uint32Array,
): Float32Array {
  const width = image.channels * image.size ** 2;
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((row, index) => out.set(rows.subarray(row * width, (row + 1) * width), index * width));
  return out;
}
