import { AristarchError } from '../../base/errors.ts';
import { inTurns, longestFirst } from '../../base/in-turns.ts';
import { scopeRandom, type Random } from '../../base/philox.ts';
import type { AnyImageFamily } from '../../models/families/image-family.ts';
import { PIXEL_MIDDLE, type ImageCriticPlan } from '../../models/images/image-critic.ts';
import { imageScoringGraph, type TrainedImageCritic } from '../../models/images/scoring-graph.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import type { Split } from '../fit/split.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';
import type { CriticThreads } from './thread/critic-threads.ts';

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
  /** Whether an image scores as the mean of both, itself and its mirror image. */
  readonly isMirrored: boolean;
  readonly random: Random;
  readonly journal: Journal;
  /** In which critics are trained at the same time, or what they need is drawn; here, one after the other, when absent. */
  readonly threads?: CriticThreads | undefined;
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
  const { executor, family, values, image, isMirrored, journal, stepsPerCall, threads } = options;
  const images = packImages(options, chosen);
  for (let at = 0; at < images.length; at++) images[at] = images[at]! / PIXEL_MIDDLE - 1;
  const planFor = (count: number, pixels: Float32Array): ImageCriticPlan =>
    family.plan(values, { ...image, count, values: pixels }, share);
  // What is kept of a critic knows no images, which would stay in memory with it; those of a thread are there.
  const plan = planFor(0, new Float32Array(0));
  const { task } = threads ? plan : planFor(chosen.length, images);
  const resumeFrom = await journal.resume(round, task);
  const drawn = { executor, task, random: scopeRandom(options.random, round) };
  const progress = await runTask({
    ...{ ...drawn, stepsPerCall },
    ...(resumeFrom && { resumeFrom }),
    openSteps: threads && (() => threads.open({ round, share, images }, drawn)),
    onProgress: (now) => journal.progress(round, task, now),
  });
  await journal.finished(round, task, progress);
  const critic = { plan, weights: progress.state, mean: 0, deviation: 1, isMirrored };
  const standardising = packImages(options, chosen.subarray(0, STANDARDISING_IMAGES));
  const scores = await scoreImages(executor, image, critic, standardising);
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
  const folds = split.rounds.filter((round) => round.train !== null);
  const critics = await fitAll(options, [
    ...folds.map(({ name, train }) => ({ name, chosen: train!, share: options.foldSteps })),
    { name: 'final', chosen: split.final, share: 1 },
  ]);
  const critic = critics.at(-1)!;
  const heldOut: { row: number; score: number }[] = [];
  for (const round of split.rounds) {
    const judge = round.train === null ? critic : critics[folds.indexOf(round)]!;
    const scores = await scoreImages(options.executor, options.image, judge, packImages(options, round.heldOut));
    if (!scores.every(Number.isFinite)) {
      throw new AristarchError('TRAINING_DIVERGED', 'held-out images score NaN or infinite: lower --learning-rate');
    }
    round.heldOut.forEach((row, index) => heldOut.push({ row, score: scores[index]! }));
    await onHeldOut?.(judge, round.heldOut);
  }
  return { critic, heldOut: heldOut.sort((a, b) => a.score - b.score || a.row - b.row) };
}

interface CriticRound {
  readonly name: string;
  readonly chosen: Uint32Array;
  readonly share: number;
}

/** The critic of each round; as many at once as there are threads. Where one ends the run, the others end at their next steps. */
async function fitAll(options: FitImagesOptions, rounds: readonly CriticRound[]): Promise<FittedImageCritic[]> {
  const { journal, threads } = options;
  let ending: { readonly thrown: unknown } | undefined;
  const end = (thrown: unknown): never => {
    ending ??= { thrown };
    throw thrown;
  };
  const progress: Journal['progress'] = async (...now) => {
    // At once, and not only when the critic that ends the run has been closed.
    const answer = await journal.progress(...now).catch(end);
    if (!ending) return answer;
    // So that what was learnt until now is not learnt again; what hinders it is not why the run ends.
    await journal.save(...now).catch(() => undefined);
    throw ending.thrown;
  };
  const fitted = new Map<CriticRound, FittedImageCritic>();
  const fit = async (round: CriticRound): Promise<void> => {
    const { name, chosen, share } = round;
    const told = { ...options, journal: { ...journal, progress } };
    fitted.set(round, await fitImageCritic(told, name, chosen, share).catch(end));
  };
  const atOnce = threads?.count ?? 1;
  const order = longestFirst(atOnce, rounds, ({ share }) => share);
  await inTurns(
    atOnce,
    order.map((round) => () => fit(round)),
  );
  return rounds.map((round) => fitted.get(round)!);
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
): Float32Array<ArrayBuffer> {
  const width = image.channels * image.size ** 2;
  const out = new Float32Array(chosen.length * width);
  chosen.forEach((row, index) => out.set(rows.subarray(row * width, (row + 1) * width), index * width));
  return out;
}
