import { printableSettings, type Settings } from '../base/settings.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { decodeRow } from '../models/features/decode.ts';
import { conditionGroups, REST_GROUP } from '../models/features/condition-groups.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import type { TrainConfig } from './config.ts';
import type { TrainingRows } from './data/read-rows.ts';
import type { FittedCritic } from './fit/fit-critics.ts';
import type { FittedModel } from './fit/fit-model.ts';
import type { TrainedTranslation } from './translate/run-translation.ts';
import type { CalibrationGroupRow, ConfigRow, NetworkCurves, ReportInput, WorstRow } from './report/input.ts';
import { toThreshold } from './report/thresholds.ts';

const WORST_ROWS = 10;

export interface ReportSources {
  readonly config: TrainConfig;
  readonly manifest: Omit<Manifest, 'manifestVersion' | 'files'>;
  readonly schema: FeatureSchema;
  readonly rows: TrainingRows;
  readonly model: FittedModel;
  readonly sources: readonly string[];
  readonly warnings: readonly string[];
  readonly comparison?: ReportInput['comparison'];
  readonly translation?: TrainedTranslation | undefined;
  readonly peakBytes: number;
}

/** Everything that the report shows, from what training made. */
export function toReportInput({
  config,
  manifest,
  schema,
  rows,
  model,
  sources,
  warnings,
  comparison,
  translation,
  peakBytes,
}: ReportSources): ReportInput {
  const { calibration, training, fingerprint } = manifest;
  return {
    meta: {
      name: manifest.name,
      version: manifest.version,
      family: manifest.family,
      preset: config.preset,
      createdAt: manifest.createdAt,
      sources,
      rows: training.rows,
      rowsInSource: training.rowsInSource,
      calibrationMethod: calibration.method,
      trainingSeconds: training.seconds,
      peakBytes,
      device: training.device,
      seed: config.run.seed,
    },
    curves: [...(translation ? [translation.fitted] : []), ...model.critics].map(toCurves),
    calibrationScores: calibration.scores,
    groups: toGroupRows(schema, calibration),
    falsePositiveRate: calibration.falsePositiveRate,
    features: schema.fields.map((field, index) => ({ field, fingerprint: fingerprint.columns[index]! })),
    excluded: schema.excluded,
    warnings,
    ...(rows.sampled && {
      sampling: { memoryBudgetBytes: config.run.memoryBudget * 2 ** 20, seed: config.run.seed },
    }),
    config: configRows(config),
    worstRows: worstRows(schema, rows, model, calibration),
    comparison,
    sourceComparison: translation?.comparison,
    libraries: manifest.libraries,
  };
}

/** Of a run on rows or on images. */
interface ConfigValues {
  readonly settings: Settings;
  readonly run: object;
  readonly values: object;
}

/** The run's settings, each with its default (the preset's, where it has one), unit and source. */
export function configRows({ settings, run, values }: ConfigValues): ConfigRow[] {
  const printable = printableSettings(settings, { ...run, ...values });
  return Object.entries(settings).map(([name, { unit, source, default: fallback }]) => ({
    name,
    value: printable[name],
    default: fallback,
    ...(unit !== undefined && { unit }),
    ...(source !== undefined && { source }),
  }));
}

/** Whatever was trained: a critic, or a translation. */
type Trained = Pick<FittedCritic, 'progress'> & { readonly plan: Pick<FittedCritic['plan'], 'task'> };

function toCurves({ plan, progress }: Trained): NetworkCurves {
  const { title, updatesPerStep } = plan.task;
  return {
    network: title,
    series: Object.entries(progress.history).map(([name, values]) => ({
      name,
      values,
      steps: values.map((_value, index) => (index + 1) * updatesPerStep),
    })),
    rollbacks: progress.rollbacks,
  };
}

function worstRows(
  schema: FeatureSchema,
  { rows }: TrainingRows,
  model: FittedModel,
  calibration: Manifest['calibration'],
): WorstRow[] {
  const scoresOf = calibrationOf(schema, calibration);
  return model.calibration.scores
    .slice(-WORST_ROWS)
    .reverse()
    .map(({ row, score }) => ({
      score,
      pValue: pValueOf(score, scoresOf(rows, row)),
      heldOut: true,
      values: decodeRow(schema, rows, row),
    }));
}

/** The calibration scores that a row is judged by: those of its group, where there are groups. */
function calibrationOf(
  schema: FeatureSchema,
  { scores, groups }: Manifest['calibration'],
): (rows: Float32Array, row: number) => readonly number[] {
  const conditions = conditionGroups(schema);
  if (groups === undefined || conditions === null) return () => scores;
  const byKey = new Map(groups.members.map((member) => [conditions.keyOfLevels(member.levels), member.scores]));
  return (rows, row) => byKey.get(conditions.keyOf(rows, row)) ?? groups.rest ?? scores;
}

/** As scoring has it: (1 + #{calibration >= score}) / (n + 1). */
function pValueOf(score: number, calibration: readonly number[]): number {
  return (1 + calibration.filter((each) => each >= score).length) / (calibration.length + 1);
}

function toGroupRows(schema: FeatureSchema, calibration: Manifest['calibration']): CalibrationGroupRow[] {
  const { groups, falsePositiveRate, scores } = calibration;
  const conditions = conditionGroups(schema);
  if (groups === undefined || conditions === null) return [];
  const toRow = (name: string, own: readonly number[]): CalibrationGroupRow => ({
    ...{ name, count: own.length, smallestRate: 1 / (own.length + 1) },
    threshold: toThreshold(own, falsePositiveRate).threshold ?? Infinity,
  });
  const members = groups.members.map((member) => toRow(conditions.describe(member.levels), member.scores));
  return [...members, toRow(REST_GROUP, groups.rest ?? scores)];
}
