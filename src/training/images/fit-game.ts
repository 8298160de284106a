import { scopeRandom, type Random } from '../../base/philox.ts';
import { PIXEL_MIDDLE } from '../../models/images/image-critic.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import { shrinkRows } from '../../models/images/shrink.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Phase } from '../../models/stylegan/phases.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';
import type { StateValues } from '../steps/state.ts';
import { drawPhase, shownPhases } from './phase-pictures.ts';

/** Name of the round that the phases of a game are tasks of. */
export const GAME_ROUND = 'generator';

export interface FitGameOptions {
  readonly executor: Executor;
  readonly plan: ImageGamePlan;
  readonly image: Planes;
  /** Raw rows of the images to train on, [count, channels size size]. */
  readonly rows: Float32Array;
  /** Place of each one's label, [count]; null where images have none. */
  readonly labels: Float32Array | null;
  readonly random: Random;
  readonly stepsPerCall: number;
  readonly journal: Journal;
  /** Seconds, monotonic. */
  readonly seconds: () => number;
  readonly onPhase?: PhaseHook | undefined;
}

/** Told of each phase that is done, also of those that a run before this one finished. */
export type PhaseHook = (phase: PlayedPhase, plan: ImageGamePlan, executor: Executor) => Promise<void>;

/** A phase that has just been played, with all that it has learnt: hundreds of megabytes in a large network. */
export interface PlayedPhase {
  readonly phase: Phase;
  readonly task: TrainingTask;
  readonly progress: TaskProgress;
  /** Steps that this process has played, and how long it took; none of a phase that a run before this one finished. */
  readonly stepsPlayed: number;
  readonly seconds: number;
}

/** What is kept of a phase for the report. */
export interface FittedPhase extends Pick<TaskProgress, 'stepsDone' | 'history' | 'rollbacks'> {
  readonly phase: Phase;
  readonly steps: number;
  readonly updatesPerStep: number;
  readonly stepsPlayed: number;
  readonly seconds: number;
  /** Images of the same noise after each phase, as a PNG; null for a phase that is not shown. */
  readonly picture: Uint8Array | null;
}

export interface FittedGame {
  readonly plan: ImageGamePlan;
  readonly phases: readonly FittedPhase[];
  /** The state after the last phase. */
  readonly weights: StateValues;
}

/** Plays the phases of a game, each from where the one before it ended. Throws `TRAINING_DIVERGED`. */
export async function fitGame(options: FitGameOptions): Promise<FittedGame> {
  const { executor, plan, image } = options;
  const random = scopeRandom(options.random, GAME_ROUND);
  const shown = shownPhases(plan.phases);
  const phases: FittedPhase[] = [];
  let before: PlayedPhase | null = null;
  for (const phase of plan.phases) {
    const played: PlayedPhase = await playPhase(options, phase, random, before);
    const { task, progress, stepsPlayed, seconds } = played;
    const { stepsDone, history, rollbacks, state: weights } = progress;
    const drawn = { executor, plan, channels: image.channels, size: phase.size, weights, random };
    phases.push({
      ...{ phase, stepsDone, history, rollbacks, stepsPlayed, seconds },
      ...{ steps: task.steps, updatesPerStep: task.updatesPerStep },
      picture: shown.has(phase) ? await drawPhase(drawn) : null,
    });
    await options.onPhase?.(played, plan, executor);
    before = played;
  }
  return { plan, phases, weights: before!.progress.state };
}

async function playPhase(
  { executor, plan, image, rows, labels, stepsPerCall, journal, ...options }: FitGameOptions,
  phase: Phase,
  random: Random,
  before: PlayedPhase | null,
): Promise<PlayedPhase> {
  const count = rows.length / (image.channels * image.size ** 2);
  const task = plan.taskOf(phase, count);
  const resumeFrom = await journal.resume(GAME_ROUND, task);
  let startedAt: number | undefined;
  const progress = await runTask({
    ...{ executor, task, random, table: addLabels(shrinkImages(rows, image, phase.size), labels) },
    stepsPerCall: Math.max(1, Math.round(stepsPerCall / task.updatesPerStep)),
    ...(resumeFrom && { resumeFrom }),
    ...(before && { parameters: carryOver(before, phase, task) }),
    onStart: () => (startedAt = options.seconds()),
    onProgress: (now) => journal.progress(GAME_ROUND, task, now),
  });
  const seconds = startedAt === undefined ? 0 : options.seconds() - startedAt;
  await journal.finished(GAME_ROUND, task, progress);
  const stepsPlayed = Math.max(0, progress.stepsDone - (resumeFrom?.stepsDone ?? 0));
  return { phase, task, progress, stepsPlayed, seconds };
}

/** What a phase begins with: all that the one before it had at the same size, and of another size what networks had learnt. */
export function carryOver(
  before: Pick<PlayedPhase, 'phase' | 'progress'>,
  phase: Phase,
  task: TrainingTask,
): StateValues {
  const { state } = before.progress;
  const isSameSize = before.phase.size === phase.size;
  const kept = task.initial.filter(({ name, isParameter }) => name in state && (isSameSize || isParameter));
  return Object.fromEntries(kept.map(({ name }) => [name, state[name]!]));
}

/** Rows with a number behind each. */
function addLabels({ data, shape: [count = 0, width = 0] }: NumberArray, labels: Float32Array | null): NumberArray {
  if (labels === null) return { data, shape: [count, width] };
  const rows = new Float32Array(count * (width + 1));
  labels.forEach((label, row) => {
    rows.set(data.subarray(row * width, (row + 1) * width), row * (width + 1));
    rows[row * (width + 1) + width] = label;
  });
  return { data: rows, shape: [count, width + 1] };
}

/** Raw rows at a smaller size, in -1 .. 1. */
function shrinkImages(rows: Float32Array, image: Planes, size: number): NumberArray {
  const width = image.channels * size ** 2;
  const data = shrinkRows(rows, image, size, { scale: 1 / PIXEL_MIDDLE, offset: -1 });
  return { data, shape: [data.length / width, width] };
}
