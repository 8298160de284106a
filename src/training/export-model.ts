import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { printableSettings } from '../base/settings.ts';
import { emitGraph } from '../graph/onnx/emit-graph.ts';
import { CRITIC_FILE, EXPLAIN_FILE, GENERATOR_FILE, REPORT_FILE, WEIGHTS_FILE } from '../models/artefact/layout.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { writeArtefact } from '../models/artefact/write.ts';
import { rowWidth } from '../models/features/schema.ts';
import { scoringGraph } from '../models/scoring-graph.ts';
import type { Executor } from '../runtime/executor.ts';
import { groupScores } from './calibration-groups.ts';
import type { TrainConfig } from './config.ts';
import { compareModels, type ModelComparison } from './continue/compare.ts';
import type { Origin } from './continue/origin.ts';
import { encodeWeights, learntBy, type Weights } from './continue/weights-file.ts';
import { exportExplainer } from './export-explainer.ts';
import { exportGenerator } from './export-generator.ts';
import type { FittedModel } from './fit/fit-model.ts';
import type { JudgedCritics } from './images/judge-critics.ts';
import type { GamePace } from './images/pace.ts';
import type { PreparedData } from './prepare-data.ts';
import { toReportInput } from './report-input.ts';
import { renderReport } from './report/report.ts';
import type { SourceComparison } from './translate/compare-sources.ts';
import { describeTranslation, exportTranslators, type TrainedTranslation } from './translate/run-translation.ts';

export interface ExportOptions {
  readonly config: TrainConfig;
  readonly data: PreparedData;
  readonly model: FittedModel;
  readonly executor: Executor;
  /** The model that training went on from. */
  readonly origin?: Origin | undefined;
  readonly translation?: TrainedTranslation | undefined;
  readonly seconds: number;
  /** The most memory that the process has had so far; asked once, so that report and result say the same. */
  readonly peakBytes: () => number;
  readonly createdAt: Date;
  readonly warn: (message: string) => void;
}

/** What a run made, for people and for `--json`. */
export interface TrainResult {
  readonly model: string;
  readonly name: string;
  readonly version: string;
  readonly family: string;
  readonly preset: string;
  readonly rows: number;
  readonly rowsInSource: number;
  readonly fields: number;
  readonly excluded: readonly { readonly name: string; readonly reason: string }[];
  readonly calibration: { readonly method: string; readonly count: number; readonly falsePositiveRate: number };
  readonly rollbacks: number;
  readonly device: string;
  readonly seconds: number;
  /** The most memory that the process has had. */
  readonly peakBytes: number;
  readonly warnings: readonly string[];
  /** Sources whose rows the model translates to those that it was trained on; none where there is one source. */
  readonly translates: readonly string[];
  /** Where an image scores as the mean of itself and its mirror image. */
  readonly isMirrored?: true;
  /** Where a generator of images was trained: how many images its own critic was shown, and how fast. */
  readonly generator?: GamePace;
  /** Where a generator of images was trained: its own critic and the detecting one, as detectors. */
  readonly critics?: JudgedCritics;
  /** Where the target's critics were compared: own, pooled and translated rows. */
  readonly sourceComparison?: SourceComparison;
  /** Where training went on from a model. */
  readonly comparison?: ModelComparison;
}

/** The rate that a model is given when nobody asks for one. */
export const DEFAULT_RATE = 0.01;
const OWN_CRITIC_WARNING =
  "critic.onnx scores by the family's own critic, which was trained against a generator only: such a critic is from far below to far above chance as a detector, by table and seed (docs/families.md)";

/** Writes the model's folder: graphs, manifest and report. */
export async function exportModel(options: ExportOptions): Promise<TrainResult> {
  const { config, data, model, executor } = options;
  const { run } = config;
  const width = rowWidth(data.schema);
  const critic = emitGraph(scoringGraph(width, model.transform, model.scoring));
  const grouped = groupScores(data.schema, data.table, model.calibration.scores, rateOf(options));
  const warnings = [
    ...data.warnings,
    ...(grouped?.warnings ?? []),
    ...(run.score === 'own' ? [OWN_CRITIC_WARNING] : []),
    ...rateWarnings(options),
  ];
  const manifest = await describeModel(options, critic, grouped);
  const { schema, rows, sources } = data;
  const { origin } = options;
  const comparison = origin && (await compareModels(executor, origin, model.calibration.scores, data.table));
  const { calibration } = manifest;
  const explainer = { executor, schema, model, calibration, rows: data.table, seed: run.seed };
  const { seed, marginals } = run;
  const generator = await exportGenerator({ executor, schema, model, rows: data.table, seed, marginals });
  const explain = await exportExplainer(explainer);
  const peakBytes = options.peakBytes();
  const report = renderReport(
    toReportInput({
      config,
      manifest,
      model,
      schema,
      rows,
      sources,
      warnings,
      comparison,
      translation: options.translation,
      peakBytes,
    }),
  );
  const files = {
    [CRITIC_FILE]: critic,
    [EXPLAIN_FILE]: explain,
    [REPORT_FILE]: report,
    [WEIGHTS_FILE]: encodeWeights(weightsOf(options)),
    ...(generator && { [GENERATOR_FILE]: generator }),
    ...(options.translation && exportTranslators(options.translation)),
  };
  await writeArtefact(data.out, { manifest, files }, { replace: run.replace });
  warnings.slice(data.warnings.length).forEach(options.warn);
  const sourceComparison = options.translation?.comparison;
  const more = { ...(comparison && { comparison }), ...(sourceComparison && { sourceComparison }) };
  return { ...toResult(manifest, options, warnings), peakBytes, ...more };
}

/** All that the manifest says, but for the hashes. */
async function describeModel(
  options: ExportOptions,
  critic: Uint8Array,
  grouped: ReturnType<typeof groupScores>,
): Promise<Omit<Manifest, 'manifestVersion' | 'files'>> {
  const { config, data, model, executor, translation } = options;
  const { run, family, preset } = config;
  return {
    name: data.name,
    version: createHash('sha256').update(critic).digest('hex').slice(0, 12),
    family: family.name,
    createdAt: options.createdAt.toISOString(),
    features: { fields: [...data.schema.fields], excluded: [...data.schema.excluded] } as Manifest['features'],
    training: {
      config: { preset, ...printableSettings(config.settings, { ...run, ...config.values, preset }) },
      rows: data.rows.count,
      rowsInSource: data.rows.rowsInSource,
      rollbacks: rollbacksOf(options),
      seconds: options.seconds,
      device: executor.description,
      ...(options.origin && { continuedFrom: originOf(options.origin) }),
    },
    fingerprint: data.fingerprint,
    calibration: {
      method: model.calibration.method,
      falsePositiveRate: rateOf(options),
      scores: model.calibration.scores.map(({ score }) => score),
      ...(grouped && { groups: grouped.groups }),
    },
    ...(translation && { translation: describeTranslation(translation, config.values) }),
    libraries: await libraryVersions(),
  };
}

const originOf = ({ manifest: { name, version } }: Origin) => ({ name, version });

/** Fixed features stay those of the run that first drew them. */
function weightsOf({ config, model, origin }: ExportOptions): Weights {
  const tasks = Object.fromEntries(model.critics.map((critic) => [critic.plan.task.name, learntBy(critic)]));
  return { transform: model.transform, scale: model.scale, seed: origin?.weights.seed ?? config.run.seed, tasks };
}

function toResult(
  { name, version, family, training, calibration, features, translation }: Omit<Manifest, 'manifestVersion' | 'files'>,
  { config, data, seconds }: ExportOptions,
  warnings: readonly string[],
): Omit<TrainResult, 'peakBytes'> {
  const { rows, rowsInSource, rollbacks, device } = training;
  const { method, scores, falsePositiveRate } = calibration;
  return {
    ...{ model: data.out, name, version, family, preset: config.preset, rows, rowsInSource },
    ...{ fields: features.fields.length, excluded: features.excluded },
    calibration: { method, count: scores.length, falsePositiveRate },
    ...{ rollbacks, device, seconds, warnings },
    translates: (translation?.sources ?? []).map((source) => source.name),
  };
}

const smallestRate = ({ model }: ExportOptions): number => 1 / (model.calibration.scores.length + 1);

/** The rate asked for; without one, 1 %, or the smallest that the calibration set supports. */
function rateOf(options: ExportOptions): number {
  return options.config.run.rate ?? Math.max(DEFAULT_RATE, smallestRate(options));
}

function rateWarnings(options: ExportOptions): string[] {
  const smallest = smallestRate(options);
  if (rateOf(options) <= DEFAULT_RATE || options.config.run.rate !== undefined) return [];
  const count = options.model.calibration.scores.length;
  return [`${count} calibration rows support no false-positive rate below ${smallest.toPrecision(3)}`];
}

const rollbacksOf = ({ model: { critics }, translation }: ExportOptions): number =>
  [...critics, ...(translation ? [translation.fitted] : [])].reduce(
    (total, { progress }) => total + progress.rollbacks.length,
    0,
  );

/** Versions of what made the model: ours, Node's, and those of our dependencies. */
export async function libraryVersions(): Promise<Record<string, string>> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  const require = createRequire(import.meta.url);
  // What is installed: package.json of this project has ranges.
  const versionOf = (name: string) => (require(`${name}/package.json`) as { version: string }).version;
  const used = ['onnxruntime-node', '@duckdb/node-api'].map((name) => [name, versionOf(name)] as const);
  return { aristarch: version, node: process.versions.node, ...Object.fromEntries(used) };
}
