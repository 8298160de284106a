import { scopeRandom, type Random } from '../../base/philox.ts';
import type { TrainedImageCritic } from '../../models/images/scoring-graph.ts';
import type { StylizerPlan } from '../../models/stylize/plan-stylizer.ts';
import type { TrainedStylizer } from '../../models/stylize/stylizer-graphs.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';

/** Name of the round that the decoder is the task of. */
export const STYLIZER_ROUND = 'styles';

export interface FitStylizerOptions {
  readonly executor: Executor;
  readonly plan: StylizerPlan;
  /** Whose layers encode. */
  readonly critic: Pick<TrainedImageCritic, 'weights'>;
  readonly random: Random;
  readonly stepsPerCall: number;
  readonly journal: Journal;
}

export interface FittedStylizer extends TrainedStylizer {
  readonly plan: StylizerPlan;
  readonly progress: TaskProgress;
}

/** Trains the decoder behind a critic that has been trained, from where the journal knows it to stand. Throws `TRAINING_DIVERGED`. */
export async function fitStylizer(options: FitStylizerOptions): Promise<FittedStylizer> {
  const { executor, plan, critic, journal, stepsPerCall } = options;
  const { task, shape } = plan;
  const resumeFrom = await journal.resume(STYLIZER_ROUND, task);
  const encoder = task.initial.filter(({ name }) => Object.hasOwn(critic.weights, name));
  const progress = await runTask({
    ...{ executor, task, random: scopeRandom(options.random, STYLIZER_ROUND), stepsPerCall },
    ...(resumeFrom && { resumeFrom }),
    parameters: Object.fromEntries(encoder.map(({ name }) => [name, critic.weights[name]!])),
    onProgress: (now) => journal.progress(STYLIZER_ROUND, task, now),
  });
  await journal.finished(STYLIZER_ROUND, task, progress);
  return { plan, shape, weights: progress.state, progress };
}
