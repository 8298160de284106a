import { createRandom } from '../base/philox.ts';
import { AristarchError } from '../base/errors.ts';
import { checkArtefactTarget } from '../models/artefact/write.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { rowWidth } from '../models/features/schema.ts';
import { fitTransform } from '../models/features/transform.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import type { Executor } from '../runtime/executor.ts';
import { openCheckpoint, type RunIdentity } from './checkpoint.ts';
import type { RunValues, TrainConfig } from './config.ts';
import { exportModel, type TrainResult } from './export-model.ts';
import { fitModel, SCORES_BY } from './fit/fit-model.ts';
import { splitRows, type Split, type SplitOptions } from './fit/split.ts';
import { createJournal, outlineOf, type Outline } from './journal.ts';
import { prepareData, type PreparedData } from './prepare-data.ts';

/** How a run speaks to whoever started it, and what it takes from the world. */
export interface TrainHooks {
  /** A sentence for people. */
  readonly note: (message: string) => void;
  readonly warn: (message: string) => void;
  /** Critic updates done, of `total`; the remark has the losses. */
  readonly onUpdates: (done: number, total: number, remark: string) => void;
  /** Ends the run with a checkpoint. */
  readonly signal: AbortSignal;
  /** Wall clock, for the manifest. */
  readonly now: () => Date;
  /** Seconds, monotonic. */
  readonly seconds: () => number;
}

/** At most so many held-out rows calibrate; more would not make p-values better. */
const MOST_HELD_OUT = 10_000;

/** The main job: reads normal rows, trains, calibrates, and writes the model's folder. */
export async function trainModel(config: TrainConfig, hooks: TrainHooks): Promise<TrainResult> {
  const startedAt = hooks.seconds();
  const data = await prepareData(config);
  const { run } = config;
  await checkArtefactTarget(data.out, { replace: run.replace });
  const split = splitRows(data.rows.count, createRandom(run.seed), splitOptions(config));
  checkRate(run.rate, split);
  data.warnings.forEach(hooks.warn);
  const executor = await openExecutor({ device: run.device, threads: run.threads, warn: hooks.note });
  try {
    const checkpoint = await openCheckpoint(`${data.out}.checkpoint`, identityOf(config, data, executor), run.resume);
    const outline = outlineRun(config, data, split);
    hooks.note(describeStart(config, data, executor, outline));
    const journal = createJournal({
      ...{ outline, checkpoint, signal: hooks.signal, now: hooks.seconds, timeBudgetSeconds: run.timeBudget },
      onUpdates: (done, remark) => hooks.onUpdates(done, outline.updates, remark),
      onRollback: hooks.warn,
    });
    const model = await fitModel(
      {
        ...{ executor, journal, schema: data.schema, stepsPerCall: run.stepsPerCall, score: run.score },
        random: createRandom(run.seed),
        transform: { numbers: run.numbers },
        split,
        plan: (rows, random) => config.family.plan(config.values, rows, random),
      },
      data.table,
    );
    const seconds = hooks.seconds() - startedAt;
    const result = await exportModel({
      config,
      data,
      model,
      executor,
      seconds,
      createdAt: hooks.now(),
      warn: hooks.warn,
    });
    await checkpoint.remove();
    return result;
  } finally {
    await executor.close();
  }
}

function splitOptions({ run }: TrainConfig): SplitOptions {
  const { crossBelow, folds, calibrationShare } = run;
  return { crossBelow, folds, heldOutShare: calibrationShare, mostHeldOut: MOST_HELD_OUT };
}

/** The tasks that the run will have: a plan on the same rows, of which only names and lengths are used. */
function outlineRun(config: TrainConfig, { schema, table }: PreparedData, { rounds }: Split): Outline {
  const count = table.shape[0] ?? 0;
  const transform = fitTransform(schema, table.data, { numbers: config.run.numbers });
  const plans = config.family.plan(config.values, { count, transform, scale: 1 }, createRandom(config.run.seed));
  const scoring = plans.filter(SCORES_BY[config.run.score]);
  if (scoring.length === 0) {
    throw new AristarchError(
      'INVALID_INPUT',
      `--score ${config.run.score} has nothing to score by: this run trains ${plans.map(({ task }) => task.title).join(', ')}`,
    );
  }
  const folds = rounds.filter(({ train }) => train !== null);
  return outlineOf([...folds.map(({ name }) => ({ name, plans: scoring })), { name: 'final', plans }]);
}

/** Settings on which the bytes of critic.onnx do not depend, or only through the rows and the engine. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set<keyof RunValues>([
  ...(['resume', 'replace', 'dryRun', 'out', 'name', 'timeBudget', 'rate'] as const),
  ...(['data', 'where', 'exclude', 'schema', 'memoryBudget', 'device'] as const),
]);

function identityOf({ run, values, preset }: TrainConfig, data: PreparedData, executor: Executor): RunIdentity {
  const settings = Object.entries(run).filter(([name]) => !WITHOUT_EFFECT.has(name));
  const engine = executor.description;
  return { ...Object.fromEntries(settings), ...values, preset, engine, rows: data.fingerprint.sha256 };
}

/** A rate that the calibration set cannot support is refused before minutes are spent. */
function checkRate(rate: number | undefined, { rounds }: Split): void {
  const count = rounds.reduce((total, { heldOut }) => total + heldOut.length, 0);
  const smallest = 1 / (count + 1);
  if (rate === undefined || rate >= smallest) return;
  throw new AristarchError(
    'RATE_UNSUPPORTED',
    `--rate ${rate} is below what ${count} calibration rows support: give at least ${smallest.toPrecision(3)}, or more rows`,
    { rate, smallest },
  );
}

function describeStart(
  { family, preset }: TrainConfig,
  data: PreparedData,
  executor: Executor,
  outline: Outline,
): string {
  const { count, rowsInSource, sampled } = data.rows;
  const rows = sampled ? `${count} of ${rowsInSource} rows (a seeded sample)` : `${count} rows`;
  const fields = describeFields(data.schema);
  return `training ${family.name} (${preset}) on ${rows}, ${fields}: ${outline.updates} updates, ${executor.description}`;
}

function describeFields(schema: FeatureSchema): string {
  return `${schema.fields.length} fields in ${rowWidth(schema)} slots`;
}
