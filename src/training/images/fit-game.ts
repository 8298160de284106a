import { AristarchError } from '../../base/errors.ts';
import { scopeRandom, type Random } from '../../base/philox.ts';
import { GENERATED_OUTPUT, LATENT_INPUT } from '../../models/generator-graph.ts';
import { drawGrid } from '../../models/images/grid.ts';
import { PIXEL_MIDDLE } from '../../models/images/image-critic.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Phase } from '../../models/stylegan/phases.ts';
import { styleFeeds, styleWidths } from '../../models/stylegan/style-inputs.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { Journal } from '../fit/fit-critics.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';
import type { StateValues } from '../steps/state.ts';

/** Name of the round that the phases of a game are tasks of. */
export const GAME_ROUND = 'generator';

export interface FitGameOptions {
  readonly executor: Executor;
  readonly plan: ImageGamePlan;
  readonly image: Planes;
  /** Raw rows of the images to train on, [count, channels size size]. */
  readonly rows: Float32Array;
  readonly random: Random;
  readonly stepsPerCall: number;
  readonly journal: Journal;
  /** Seconds, monotonic. */
  readonly seconds: () => number;
  readonly onPhase?: PhaseHook | undefined;
}

/** Told of each phase that is done, also of those that a run before this one finished. */
export type PhaseHook = (phase: FittedPhase, plan: ImageGamePlan, executor: Executor) => Promise<void>;

export interface FittedPhase {
  readonly phase: Phase;
  readonly task: TrainingTask;
  readonly progress: TaskProgress;
  /** Of this process; a phase that a run before this one finished took none. */
  readonly seconds: number;
  /** Images of the same noise after each phase, as a PNG. */
  readonly picture: Uint8Array;
}

export interface FittedGame {
  readonly plan: ImageGamePlan;
  readonly phases: readonly FittedPhase[];
  /** The state after the last phase. */
  readonly weights: StateValues;
}

const PICTURES = 40;
const PICTURE_COLUMNS = 10;

/** Plays the phases of a game, each from where the one before it ended. Throws `TRAINING_DIVERGED`. */
export async function fitGame(options: FitGameOptions): Promise<FittedGame> {
  const { executor, plan, image, journal, stepsPerCall } = options;
  const width = image.channels * image.size ** 2;
  const count = options.rows.length / width;
  const random = scopeRandom(options.random, GAME_ROUND);
  const phases: FittedPhase[] = [];
  for (const phase of plan.phases) {
    const task = plan.taskOf(phase, count);
    const startedAt = options.seconds();
    const before = phases.at(-1);
    const resumeFrom = await journal.resume(GAME_ROUND, task);
    const progress = await runTask({
      ...{ executor, task, random, table: shrinkImages(options.rows, image, phase.size) },
      stepsPerCall: Math.max(1, Math.round(stepsPerCall / task.updatesPerStep)),
      ...(resumeFrom && { resumeFrom }),
      ...(before && { parameters: carryOver(before, phase, task) }),
      onProgress: (now) => journal.progress(GAME_ROUND, task, now),
    });
    await journal.finished(GAME_ROUND, task, progress);
    const seconds = options.seconds() - startedAt;
    const picture = await drawSamples(options, phase.size, progress.state, random);
    const fitted = { phase, task, progress, seconds, picture };
    phases.push(fitted);
    await options.onPhase?.(fitted, plan, executor);
  }
  return { plan, phases, weights: phases.at(-1)!.progress.state };
}

/** What a phase begins with: all that the one before it had at the same size, and of another size what networks had learnt. */
function carryOver(before: FittedPhase, phase: Phase, task: TrainingTask): StateValues {
  const { state } = before.progress;
  const isSameSize = before.phase.size === phase.size;
  const kept = task.initial.filter(({ name, isParameter }) => name in state && (isSameSize || isParameter));
  return Object.fromEntries(kept.map(({ name }) => [name, state[name]!]));
}

/** Raw rows at a smaller size, by the mean of what each pixel covers, in -1 .. 1. */
function shrinkImages(rows: Float32Array, image: Planes, size: number): { data: Float32Array; shape: number[] } {
  const factor = image.size / size;
  const width = image.channels * size ** 2;
  const count = rows.length / (image.channels * image.size ** 2);
  const data = new Float32Array(count * width).fill(-1);
  const share = 1 / (PIXEL_MIDDLE * factor ** 2);
  for (let at = 0, line = 0; at < rows.length; line++) {
    const [plane, row] = [Math.floor(line / image.size), line % image.size];
    const to = (plane * size + Math.floor(row / factor)) * size;
    for (let column = 0; column < image.size; column++, at++)
      data[to + Math.floor(column / factor)]! += rows[at]! * share;
  }
  return { data, shape: [count, width] };
}

/** Images of a size by the same noise each time, as a PNG. */
async function drawSamples(
  { executor, plan, image }: FitGameOptions,
  size: number,
  weights: StateValues,
  random: Random,
): Promise<Uint8Array> {
  const graph = plan.generatorGraph(size, weights);
  const widths = styleWidths(
    Object.fromEntries(graph.inputs.map((each) => [each.attributes.name, Number(each.shape[1])])),
  );
  if (widths === null) throw new AristarchError('INTERNAL', `the generator of ${plan.title} has no styles`);
  const latent = new Float32Array(PICTURES * widths.latent);
  random.stream('pictures', 'noise', size).fillNormal(latent, 0);
  const z = new Float32Array(PICTURES * widths.z);
  random.stream('pictures', 'latent').fillNormal(z, 0);
  for (let row = 0; row < PICTURES; row++) {
    latent.set(z.subarray(row * widths.z, (row + 1) * widths.z), row * widths.latent);
  }
  const session = await executor.compile(graph);
  try {
    const feeds = {
      [LATENT_INPUT]: { data: latent, shape: [PICTURES, widths.latent] },
      ...styleFeeds(widths, PICTURES),
    };
    const { [GENERATED_OUTPUT]: rows } = await session.run(feeds);
    const planes = { channels: image.channels, size };
    return drawGrid(rows!.data, planes, { columns: PICTURE_COLUMNS, scale: Math.max(1, Math.round(64 / size)) });
  } finally {
    await session.close();
  }
}
