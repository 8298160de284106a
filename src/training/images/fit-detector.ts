import { usableCores } from '../../base/cores.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { ImageTrainConfig } from './config.ts';
import { fitImages, type FitImagesOptions, type HeldOutHook } from './fit-images.ts';
import type { ImageRunPlan } from './plan-images.ts';
import { createCriticThreads, type CriticThreads } from './thread/critic-threads.ts';

type Shared = Pick<FitImagesOptions, 'executor' | 'image' | 'random' | 'stepsPerCall' | 'journal'>;

/** Trains the detecting critic of a run and what calibrates it, in as many threads as are of use, and ends them. */
export async function fitDetector(
  config: ImageTrainConfig,
  plan: ImageRunPlan,
  shared: Shared,
  onHeldOut?: HeldOutHook,
): ReturnType<typeof fitImages> {
  const { run, family, values } = config;
  const threads = startThreads(config, plan, shared.executor);
  try {
    const options = { ...shared, family, values, foldSteps: run.foldSteps, rows: plan.images.rows, threads };
    return await fitImages(options, plan.split, onHeldOut);
  } finally {
    await threads?.close();
  }
}

/** With fewer steps than this, starting a thread takes longer than it saves. */
const FEWEST_STEPS = 1000;
/** What copies of images may take; two threads at least have theirs. */
const COPIES_BYTES = 2 ** 29;

/** None where one critic is trained, or another device than the CPU trains. */
function startThreads(
  { run, family, values }: ImageTrainConfig,
  { images, split, detectorSteps }: ImageRunPlan,
  { device }: Pick<Executor, 'device'>,
): CriticThreads | undefined {
  const critics = 1 + split.rounds.filter(({ train }) => train !== null).length;
  const copies = Math.max(2, Math.floor(COPIES_BYTES / images.rows.byteLength));
  const count = Math.floor(Math.min(critics, copies, usableCores() / run.threads));
  if (device !== 'cpu' || count < 2 || detectorSteps < FEWEST_STEPS) return undefined;
  const { image } = images.schema;
  return createCriticThreads({ family: family.name, values, image, seed: run.seed, threads: run.threads }, count);
}
