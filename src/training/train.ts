import { z } from 'zod';
import { createRandom } from '../base/philox.ts';
import { AristarchError } from '../base/errors.ts';
import { showRateUp } from '../base/show-rate.ts';
import { checkArtefactTarget } from '../models/artefact/write.ts';
import type { CriticPlan } from '../models/critics/critic-plan.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { conditionGroups } from '../models/features/condition-groups.ts';
import { conditionNames, rowWidth } from '../models/features/schema.ts';
import type { Transform } from '../models/features/transform.ts';
import type { Work } from '../runtime/choice/work.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import type { Executor } from '../runtime/executor.ts';
import { showData } from '../tables/download.ts';
import { clearIfHopeless, openCheckpoint, type RunIdentity } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { openOrigin, toStartingPoint, type Origin } from './continue/origin.ts';
import { warnOfUnseenLevels } from './continue/unseen-levels.ts';
import { DEFAULT_RATE, exportModel, type TrainResult } from './export-model.ts';
import { fitModel, SCORES_BY, type FitModelOptions } from './fit/fit-model.ts';
import { planner } from './fit/planner.ts';
import { splitRows, type Split, type SplitOptions } from './fit/split.ts';
import { createJournal, outlineOf, type Outline, type OutlinedRound } from './journal.ts';
import { modelPlace, prepareData, type PreparedData } from './prepare-data.ts';
import type { RunValues } from './run-settings.ts';
import {
  comparesSources,
  outlineComparison,
  outlineTranslation,
  prepareTranslation,
  TRANSLATION_ROUND,
  trainTranslation,
} from './translate/run-translation.ts';

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
  /** The most memory that the process has had so far, in bytes. */
  readonly peakBytes: () => number;
}

/** At most so many held-out rows calibrate; more would not make p-values better. */
const MOST_HELD_OUT = 10_000;

/**
 * The main job: reads normal rows, trains, calibrates, and writes the model's folder. A run that ends early - by the
 * signal (`CANCELLED`), a kill, a full disk - leaves its checkpoint; one that cannot succeed (`TRAINING_DIVERGED`) or was
 * never started leaves nothing.
 */
export async function trainModel(given: TrainConfig, hooks: TrainHooks): Promise<TrainResult> {
  const startedAt = hooks.seconds();
  await checkArtefactTarget(modelPlace(given).out, { replace: given.run.replace });
  hooks.note(`reading ${showData(given.run.data).join(', ')}`);
  const { data, origin } = await prepareRun(given);
  const { config, sources } = await prepareTranslation(given, data.rows.count);
  const { run } = config;
  const { split, outline } = planRun(config, data);
  sources?.warnings.forEach(hooks.warn);
  data.warnings.forEach(hooks.warn);
  const work = workOf(config.values);
  const executor = await openExecutor({ device: run.device, threads: run.threads, warn: hooks.note, work });
  try {
    if (hooks.signal.aborted) throw new AristarchError('CANCELLED', 'stopped before training began');
    const checkpoint = await openCheckpoint(
      `${data.out}.checkpoint`,
      { ...identityOf(config, data, executor), ...(sources && { sources: sources.sha256 }) },
      { resume: run.resume, warn: hooks.warn },
    );
    hooks.note(describeStart(config, data, executor, outline));
    const warnings = [...data.warnings, ...(sources?.warnings ?? [])];
    const warnAndKeep = (message: string): void => {
      warnings.push(message);
      hooks.warn(message);
    };
    const journal = createJournal({
      ...{ outline, checkpoint, signal: hooks.signal, now: hooks.seconds, timeBudgetSeconds: run.timeBudget },
      secondsBetweenCheckpoints: run.checkpointSeconds,
      onUpdates: (done, remark) => hooks.onUpdates(done, outline.updates, remark),
      onRollback: warnAndKeep,
      onCut: warnAndKeep,
    });
    const { translation, model } = await clearIfHopeless(checkpoint, async () => {
      const fit = toFitOptions(config, data, origin, { executor, journal, split });
      const trained = sources && (await trainTranslation(config, sources, data.table, fit));
      return { translation: trained, model: await fitModel({ ...fit, addRows: trained?.addRows }, data.table) };
    });
    const seconds = hooks.seconds() - startedAt;
    const result = await exportModel({
      ...{ config, data: { ...data, warnings }, model, executor, origin, translation, seconds },
      ...{ createdAt: hooks.now(), peakBytes: hooks.peakBytes },
      warn: hooks.warn,
    });
    await checkpoint.finish();
    return result;
  } finally {
    await executor.close();
  }
}

/** Of families of networks; undefined where the settings name no layers. */
function workOf(values: TrainConfig['values']): Work | undefined {
  const { data } = networkSchema.safeParse(values);
  return data && { kind: 'training', rows: data.batch, width: Math.max(...data.hidden) };
}
const networkSchema = z.object({ hidden: z.array(z.number()).min(1), batch: z.number() });

function toFitOptions(
  config: TrainConfig,
  data: PreparedData,
  origin: Origin | undefined,
  parts: Pick<FitModelOptions, 'executor' | 'journal' | 'split'>,
): FitModelOptions {
  const { run } = config;
  return {
    ...parts,
    ...{ schema: data.schema, stepsPerCall: run.stepsPerCall, score: run.score },
    random: createRandom(run.seed),
    transform: { numbers: run.numbers, clip: run.clip },
    ...(origin && { start: toStartingPoint(origin) }),
    plan: planner(config, 1),
    planFold: planner(config, run.foldSteps),
  };
}

/** The rows, read by the fields of the model to go on from where there is one. */
export async function prepareRun(config: TrainConfig): Promise<{ data: PreparedData; origin?: Origin }> {
  const { fromModel } = config.run;
  if (fromModel === undefined) return { data: await prepareData(config) };
  const origin = await openOrigin(fromModel);
  const schema = origin.manifest.features;
  const data = await prepareData(config, schema);
  return { data: { ...data, warnings: [...data.warnings, ...warnOfUnseenLevels(schema, data.table)] }, origin };
}

/** What a run is going to do. */
export interface RunPlan {
  readonly split: Split;
  readonly outline: Outline;
}

/** Decides all that can be decided before training. Throws `INVALID_INPUT` and `RATE_UNSUPPORTED`. */
export function planRun(config: TrainConfig, data: PreparedData): RunPlan {
  const split = splitRows(data.rows.count, createRandom(config.run.seed), {
    ...splitOptions(config),
    groupOf: groupReader(data),
  });
  checkRate(config.run.rate, split);
  return { split, outline: outlineRun(config, split, data.rows.count) };
}

/** Rows with other levels of the conditions are other groups, each of which is held out from. */
function groupReader({ schema, table }: PreparedData): SplitOptions['groupOf'] {
  const groups = conditionGroups(schema);
  return groups === null ? undefined : (row) => groups.keyOf(table.data, row);
}

/** How the configuration wants rows to be held out. */
export function splitOptions({ run }: TrainConfig): SplitOptions {
  const { crossBelow, folds, calibrationShare, rate = DEFAULT_RATE } = run;
  const fewestOfGroup = Math.ceil(1 / rate) - 1;
  return { crossBelow, folds, heldOutShare: calibrationShare, mostHeldOut: MOST_HELD_OUT, fewestOfGroup };
}

/** A table of one number: names, roles and lengths of tasks do not depend on the columns. */
const ANY_TABLE: Transform = {
  numbers: [
    {
      ...{ name: 'any', slot: 0, unit: 0, signedLog: false, integer: false, imputed: 0 },
      ...{ smallest: 0, largest: 1, mean: 0, deviation: 1, centre: 0 },
    },
  ],
  ...{ cycles: [], levels: [], fixed: [], clip: 1 },
};

/** The tasks that the run will have. */
function outlineRun(config: TrainConfig, split: Split, rows: number): Outline {
  const { run } = config;
  const plansAt = (share: number): readonly CriticPlan[] =>
    planner(config, share)({ count: 1, transform: ANY_TABLE, scale: 1 }, createRandom(run.seed));
  const plans = plansAt(1);
  const scoring = plansAt(run.foldSteps).filter(SCORES_BY[run.score]);
  if (scoring.length === 0) {
    const titles = plans.map(({ task }) => task.title).join(', ');
    const message = `--score ${run.score} has nothing to score by: this run trains ${titles}. Choose another --score, or other networks`;
    throw new AristarchError('INVALID_INPUT', message, { score: run.score });
  }
  const folds = split.rounds.filter(({ train }) => train !== null);
  const translation = outlineTranslation(config);
  const augmenting = run.augmentTraining ? translation : [];
  const rounds: readonly OutlinedRound[] = [
    { name: TRANSLATION_ROUND, plans: translation },
    ...(comparesSources(config, rows) ? outlineComparison(config, scoring) : []),
    ...folds.map(({ name }) => ({ name, plans: [...augmenting, ...scoring] })),
    // Where nothing is held out, the final critics take the rows of the translation that is exported.
    { name: 'final', plans: [...(split.method === 'split' ? augmenting : []), ...plans] },
  ];
  return outlineOf([{ atOnce: 1, rounds }]);
}

/** Settings on which the bytes of critic.onnx do not depend, or only through the rows and the engine. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set<keyof RunValues>([
  ...(['resume', 'replace', 'dryRun', 'out', 'name', 'timeBudget', 'rate', 'checkpointSeconds'] as const),
  ...(['data', 'source', 'where', 'exclude', 'schema', 'memoryBudget', 'device'] as const),
]);

function identityOf({ run, values, preset }: TrainConfig, data: PreparedData, executor: Executor): RunIdentity {
  const settings = Object.entries(run).filter(([name]) => !WITHOUT_EFFECT.has(name));
  const engine = executor.description;
  const condition = conditionNames(data.schema);
  // With groups the rate decides how many rows of each are held out, and so which rows train.
  const rate = conditionGroups(data.schema) === null ? {} : { rate: run.rate ?? DEFAULT_RATE };
  return {
    ...Object.fromEntries(settings),
    ...rate,
    condition,
    ...values,
    preset,
    engine,
    rows: data.fingerprint.sha256,
  };
}

/** A rate that the calibration set cannot support is refused before minutes are spent. */
function checkRate(rate: number | undefined, { rounds }: Split): void {
  const count = rounds.reduce((total, { heldOut }) => total + heldOut.length, 0);
  const smallest = 1 / (count + 1);
  if (rate === undefined || rate >= smallest) return;
  throw new AristarchError(
    'RATE_UNSUPPORTED',
    `--rate ${rate} is below what ${count} calibration rows support: give at least ${showRateUp(smallest)}, or more rows`,
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
  return `training ${family.name} (${preset}) on ${rows}, ${fields}: ${outline.updates} steps, ${executor.description}`;
}

function describeFields(schema: FeatureSchema): string {
  const conditions = conditionNames(schema);
  const given = conditions.length === 0 ? '' : `, given ${conditions.join(', ')}`;
  return `${schema.fields.length} fields in ${rowWidth(schema)} slots${given}`;
}
