import type { ImageTrainConfig } from './config.ts';
import { fitImages, type FitImagesOptions, type HeldOutHook } from './fit-images.ts';
import type { ImageRunPlan } from './plan-images.ts';
import type { ThreadUse } from './critics-at-once.ts';
import { createCriticThreads, type CriticThreads } from './thread/critic-threads.ts';
import { createDrawAhead } from './thread/draw-ahead.ts';

type Shared = Pick<FitImagesOptions, 'executor' | 'image' | 'random' | 'stepsPerCall' | 'journal'>;

/** Trains the detecting critic of a run and what calibrates it, in threads as they are used. */
export async function fitDetector(
  config: ImageTrainConfig,
  plan: ImageRunPlan,
  shared: Shared,
  use: ThreadUse,
  onHeldOut?: HeldOutHook,
): ReturnType<typeof fitImages> {
  const { run, family, values } = config;
  const threads = startThreads(config, plan, use);
  try {
    const { images, split, isMirrored } = plan;
    const options = { ...shared, family, values, foldSteps: run.foldSteps, rows: images.rows, isMirrored, threads };
    return await fitImages(options, split, onHeldOut);
  } finally {
    await threads?.close();
  }
}

/** None where critics are trained one after the other, and draw for themselves. */
function startThreads(
  { run, family, values }: ImageTrainConfig,
  { images }: ImageRunPlan,
  { atOnce, drawsAhead }: ThreadUse,
): CriticThreads | undefined {
  if (atOnce === 1 && !drawsAhead) return undefined;
  const { image } = images.schema;
  const shared = { family: family.name, values, image, seed: run.seed, threads: run.threads };
  return drawsAhead ? createDrawAhead(shared) : createCriticThreads(shared, atOnce);
}
