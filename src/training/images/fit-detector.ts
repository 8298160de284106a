import type { ImageTrainConfig } from './config.ts';
import { fitImages, type FitImagesOptions, type HeldOutHook } from './fit-images.ts';
import type { ImageRunPlan } from './plan-images.ts';
import { createCriticThreads, type CriticThreads } from './thread/critic-threads.ts';

type Shared = Pick<FitImagesOptions, 'executor' | 'image' | 'random' | 'stepsPerCall' | 'journal'>;

/** Trains the detecting critic of a run and what calibrates it, so many critics at once. */
export async function fitDetector(
  config: ImageTrainConfig,
  plan: ImageRunPlan,
  shared: Shared,
  atOnce: number,
  onHeldOut?: HeldOutHook,
): ReturnType<typeof fitImages> {
  const { run, family, values } = config;
  const threads = startThreads(config, plan, atOnce);
  try {
    const { images, split, isMirrored } = plan;
    const options = { ...shared, family, values, foldSteps: run.foldSteps, rows: images.rows, isMirrored, threads };
    return await fitImages(options, split, onHeldOut);
  } finally {
    await threads?.close();
  }
}

/** None where critics are trained one after the other. */
function startThreads(
  { run, family, values }: ImageTrainConfig,
  { images }: ImageRunPlan,
  count: number,
): CriticThreads | undefined {
  if (count === 1) return undefined;
  const { image } = images.schema;
  return createCriticThreads({ family: family.name, values, image, seed: run.seed, threads: run.threads }, count);
}
