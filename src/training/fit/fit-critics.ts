import { AristarchError } from '../../base/errors.ts';
import { scopeRandom, type Random } from '../../base/philox.ts';
import type { FeatureSchema } from '../../models/features/schema.ts';
import { layoutOf } from '../../models/features/compact.ts';
import { withoutConditions } from '../../models/features/conditions.ts';
import { fitTransform, type Transform, type TransformOptions } from '../../models/features/transform.ts';
import type { CriticPlan } from '../../models/critics/critic-plan.ts';
import type { TrainingRows } from '../../models/critics/detecting-critic.ts';
import { criticGraph, SCORES_OUTPUT, type TrainedCritic } from '../../models/scoring-graph.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import { nearestDistance } from '../steps/nearest-distance.ts';
import { runTask, type TaskProgress } from '../steps/run-task.ts';
import type { StateValues } from '../steps/state.ts';
import { makeCompactTable } from './compact-table.ts';
import { joinRows, slotReader, type RowChoice } from './rows.ts';

export interface FitOptions {
  readonly executor: Executor;
  readonly schema: FeatureSchema;
  readonly random: Random;
  readonly transform: TransformOptions;
  readonly stepsPerCall: number;
  /** The family's plan for these rows. */
  readonly plan: (data: TrainingRows, random: Random) => readonly CriticPlan[];
  readonly journal: Journal;
  /** Rows that train beside those of a round, which are chosen from the table; none when absent. */
  readonly addRows?: ((round: string, chosen: Uint32Array) => Promise<NumberArray>) | undefined;
  /** A model to go on from; pre-processing and parameters are new when absent. */
  readonly start?: StartingPoint;
}

/** What a model that training goes on from has fixed: its own inputs, and where its parameters stand. */
export interface StartingPoint extends Pick<TrainingRows, 'transform' | 'scale'> {
  /** Random numbers of the plan, for what networks have that is random and fixed. */
  readonly random: Random;
  /** Throws `INVALID_INPUT` where the task's networks are others. */
  readonly parametersOf: (task: TrainingTask) => StateValues;
}

/** Who is told how a round's tasks go, and knows where they stood when the run was cut. */
export interface Journal {
  resume(round: string, task: TrainingTask): Promise<TaskProgress | undefined>;
  /** Throws to end the run; `stop` ends the task. */
  progress(round: string, task: TrainingTask, progress: TaskProgress): Promise<'continue' | 'stop'>;
  finished(round: string, task: TrainingTask, progress: TaskProgress): Promise<void>;
  /** Keeps what a task has come to, whether that is due or not. */
  save(round: string, task: TrainingTask, progress: TaskProgress): Promise<void>;
}

export interface FittedCritics {
  readonly transform: Transform;
  /** Median distance from a row to the nearest other one, which fixed features were made for. */
  readonly scale: number;
  readonly critics: readonly FittedCritic[];
}

export interface FittedCritic extends TrainedCritic {
  readonly progress: TaskProgress;
}

/** Training rows whose scores set a critic's mean and deviation; critic-recipe.md section 2, step 5. */
const STANDARDISING_ROWS = 4000;
/** Of 1 + |mean|: a smaller deviation is float32's rounding. */
const LEAST_SPREAD = 1e-6;

/**
 * Fits pre-processing and trains critics, one after the other, on raw rows in random order. Throws `INVALID_INPUT` where
 * nothing varies in the rows.
 */
export async function fitCritics(
  { executor, schema, journal, start, ...options }: FitOptions,
  round: string,
  given: RowChoice,
  wanted: (plan: CriticPlan) => boolean,
): Promise<FittedCritics> {
  const rows = options.addRows ? joinRows(given, await options.addRows(round, given.chosen)) : given;
  const random = scopeRandom(options.random, round);
  const transform = start?.transform ?? fitTransform(schema, slotReader(rows), options.transform);
  if (layoutOf(withoutConditions(transform)).compactWidth === 0) throw nothingVaries(round);
  const table = await makeCompactTable(executor, schema, transform, rows);
  const scale = start?.scale ?? (await nearestDistance(executor, table, transform, random));
  const data = { count: rows.chosen.length, transform, scale };
  const critics: FittedCritic[] = [];
  for (const plan of options.plan(data, start?.random ?? random).filter(wanted)) {
    const { task } = plan;
    const resumeFrom = await journal.resume(round, task);
    const progress = await runTask({
      ...{ executor, task, table, random, stepsPerCall: options.stepsPerCall },
      ...(resumeFrom && { resumeFrom }),
      ...(start && { parameters: start.parametersOf(task) }),
      onProgress: (now) => journal.progress(round, task, now),
    });
    await journal.finished(round, task, progress);
    const trained = { plan, weights: progress.state };
    critics.push({ ...trained, ...(await standardise(executor, transform, table, trained)), progress });
  }
  return { transform, scale, critics };
}

function nothingVaries(round: string): AristarchError {
  const message = `nothing varies in the training rows (${round}): give more rows, or columns that differ from row to row`;
  return new AristarchError('INVALID_INPUT', message, { round });
}

async function standardise(
  executor: Executor,
  transform: Transform,
  table: NumberArray,
  critic: Pick<TrainedCritic, 'plan' | 'weights'>,
): Promise<{ mean: number; deviation: number }> {
  const { compactWidth } = layoutOf(transform);
  const count = Math.min(STANDARDISING_ROWS, table.shape[0] ?? 0);
  const session = await executor.compile(criticGraph(compactWidth, transform, critic));
  const compact = { data: table.data.subarray(0, count * compactWidth), shape: [count, compactWidth] };
  const scores = Float64Array.from((await session.run({ compact }))[SCORES_OUTPUT]!.data);
  await session.close();
  const mean = scores.reduce((total, score) => total + score, 0) / count;
  const variance = scores.reduce((total, score) => total + (score - mean) ** 2, 0) / count;
  const deviation = Math.sqrt(variance);
  // Rows that are all alike score alike up to rounding, which is no scale to measure by.
  return { mean, deviation: deviation > LEAST_SPREAD * (1 + Math.abs(mean)) ? deviation : 1 };
}
