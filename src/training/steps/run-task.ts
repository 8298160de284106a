import { AristarchError } from '../../base/errors.ts';
import type { Random } from '../../base/philox.ts';
import { reportName, stateName } from '../../graph/program.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { NamedArrays } from '../../runtime/executor.ts';
import { findDivergence } from './divergence.ts';
import { stepsWithin } from './draws.ts';
import { initialState, type StateValues } from './state.ts';
import { openTaskSteps, type TaskSteps, type TaskStepsOptions } from './task-steps.ts';

/** Where a task stands; enough to go on from, to the byte. */
export interface TaskProgress {
  readonly stepsDone: number;
  readonly state: StateValues;
  /** Factor on the learning rate: halved at each divergence. */
  readonly rateFactor: number;
  readonly rollbacks: readonly Rollback[];
  /** Values of each report, one a step, stepsDone in all. Grows in place: copies would make long runs quadratic. */
  readonly history: Readonly<Record<string, number[]>>;
}

export interface Rollback {
  /** Step at which the divergence showed. */
  readonly step: number;
  readonly reason: string;
}

export interface RunTaskOptions extends TaskStepsOptions {
  /** Opens what computes the steps, where that is not the executor here. */
  readonly openSteps?: (() => Promise<TaskSteps>) | undefined;
  /** Steps in one call of the compiled loop: between calls the process can look at signals and progress. Fewer where draws are large. */
  readonly stepsPerCall: number;
  readonly resumeFrom?: TaskProgress;
  /** Parameters to start from; those of the seed when absent. */
  readonly parameters?: StateValues;
  /** Called when the program is compiled, before the first call of the loop; not for a task that is done. */
  readonly onStart?: () => void;
  /** Called after each call of the loop; answers whether to go on. */
  readonly onProgress: (progress: TaskProgress) => Promise<'continue' | 'stop'>;
}

/** After so many divergences the configuration is hopeless. */
const MOST_ROLLBACKS = 6;

/**
 * Runs a task to its last step, or until told to stop. A divergence (a loss that is not finite, or explodes) takes it back
 * to the last good state at half the learning rate; when it diverges again before it got any further, that state was not
 * good, and it starts over. When six halvings have not helped, it throws `TRAINING_DIVERGED`.
 */
export async function runTask(options: RunTaskOptions): Promise<TaskProgress> {
  const { task, random, parameters } = options;
  let progress = options.resumeFrom ?? startOf(task, random, parameters);
  if (progress.stepsDone >= task.steps) return progress; // before its program is compiled: that can take minutes
  const steps = await (options.openSteps?.() ?? openTaskSteps(options));
  const most = Math.min(options.stepsPerCall, stepsWithin(task));
  try {
    options.onStart?.();
    while (progress.stepsDone < task.steps) {
      const count = Math.min(most, task.steps - progress.stepsDone);
      progress = await advance(options, steps, progress, count);
      if ((await options.onProgress(progress)) === 'stop') break;
    }
    return progress;
  } finally {
    await steps.close();
  }
}

export function startOf(task: TrainingTask, random: Random, parameters: StateValues = {}): TaskProgress {
  const history = Object.fromEntries(Object.keys(task.program.reports).map((name) => [name, [] as number[]]));
  const state = { ...initialState(task, random), ...parameters };
  return { stepsDone: 0, state, rateFactor: 1, rollbacks: [], history };
}

async function advance(
  options: RunTaskOptions,
  steps: TaskSteps,
  before: TaskProgress,
  count: number,
): Promise<TaskProgress> {
  const { task } = options;
  const results = await steps.run({ ...before, count });
  const reports = Object.keys(before.history);
  const values = Object.fromEntries(reports.map((name) => [name, [...(results[reportName(name)]?.data ?? [])]]));
  const after = stateResults(task, results);
  const divergence = findDivergence(before.history, values, after);
  if (divergence) return rollBack(options, before, { ...divergence, step: before.stepsDone + divergence.step });
  for (const name of reports) for (const value of values[name]!) before.history[name]!.push(value);
  return { ...before, stepsDone: before.stepsDone + count, state: after };
}

function rollBack(
  { task, random, parameters }: RunTaskOptions,
  before: TaskProgress,
  divergence: Rollback,
): TaskProgress {
  if (before.rollbacks.length >= MOST_ROLLBACKS) throw hopeless(task, divergence);
  const rollbacks = [...before.rollbacks, divergence];
  const last = before.rollbacks.at(-1);
  const isStuck = last !== undefined && last.step >= before.stepsDone;
  return { ...(isStuck ? startOf(task, random, parameters) : before), rateFactor: before.rateFactor / 2, rollbacks };
}

function hopeless({ name, title, remedy }: TrainingTask, divergence: Rollback): AristarchError {
  return new AristarchError(
    'TRAINING_DIVERGED',
    `the ${title} diverged at step ${divergence.step} (${divergence.reason}), after ${MOST_ROLLBACKS} halvings of the ` +
      `learning rate; nothing was written. ${remedy ?? 'Lower the learning rate'}, or look for extreme values in the data`,
    { task: name, ...divergence },
  );
}

function stateResults(task: TrainingTask, results: NamedArrays): StateValues {
  return Object.fromEntries(task.initial.map(({ name }) => [name, results[stateName(name)]!.data]));
}
