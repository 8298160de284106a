import { AristarchError } from '../../base/errors.ts';
import { createRandom } from '../../base/philox.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { translatorFile } from '../../models/artefact/layout.ts';
import { LACKING_CHOICES } from '../../models/radial/lacking.ts';
import type { TranslationRows } from '../../models/radial/plan.ts';
import { fitUnion, sharedColumns } from '../../models/radial/union.ts';
import type { NumberArray } from '../../runtime/executor.ts';
import type { TrainConfig } from '../config.ts';
import type { FitModelOptions } from '../fit/fit-model.ts';
import type { OutlinedRound } from '../journal.ts';
import { createAugmenter, hasAllNormals } from './augment.ts';
import { comparisonRound, compareSources, SOURCE_VARIANTS, type SourceComparison } from './compare-sources.ts';
import { fitTranslation, type FittedTranslation } from './fit-translation.ts';
import { prepareSources, type PreparedSources } from './read-sources.ts';

/** Name of the round of the translation that is exported. */
export const TRANSLATION_ROUND = 'translation';

/** A run as it can be done with its sources; none in a family that has one source. */
export interface TranslationRun {
  readonly config: TrainConfig;
  readonly sources?: PreparedSources;
}

/**
 * Reads the sources of a run whose family translates; `rows` is how many the critic has. Where these are not all of the
 * target's normal rows, sources are not compared, with a warning. Throws what `prepareSources` throws, and
 * `PRECONDITION_FAILED` where such a critic was to be trained on translated rows.
 */
export async function prepareTranslation(config: TrainConfig, rows: number): Promise<TranslationRun> {
  const { family, run } = config;
  if (!family.planTranslation) return { config };
  const sources = await prepareSources(run);
  checkShared(sources);
  return withAllNormals(config, sources, rows);
}

/** Folds are dealt among the critic's rows: a translation can leave those of a fold out only where both have the same. */
export function withAllNormals(config: TrainConfig, sources: PreparedSources, rows: number): Required<TranslationRun> {
  const isUsed = config.run.augmentTraining || comparesSources(config, rows);
  if (!isUsed || hasAllNormals(sources, rows)) return { config, sources };
  const reason = `the rows of the target ${sources.target} do not all fit in memory`;
  if (config.run.augmentTraining) {
    const message = `${reason}: it is not short of rows. Leave out --augment-training, or raise --memory-budget`;
    throw new AristarchError('PRECONDITION_FAILED', message, { rows });
  }
  const warning = `${reason}: own, pooled and translated rows are not compared. Raise --memory-budget to compare them`;
  return {
    config: { ...config, run: { ...config.run, compareSources: false } },
    sources: { ...sources, warnings: [...sources.warnings, warning] },
  };
}

/** Sources that share nothing have nothing to be translated by. */
function checkShared({ sources, target }: PreparedSources): void {
  const own = sources.find(({ name }) => name === target)!.schema.fields.map(({ name }) => name);
  const stranger = sources.find(({ schema }) => !schema.fields.some(({ name }) => own.includes(name)));
  if (stranger === undefined) return;
  const message = `${stranger.name} has no column of ${target}'s (${own.join(', ')}): columns correspond by name, so rename them in the data`;
  throw new AristarchError('SCHEMA_MISMATCH', message, { source: stranger.name });
}

/** Two sources of one number: name and length of the task do not depend on the columns. */
const ANY_SOURCE = {
  schema: { fields: [{ name: 'any', kind: 'number', missing: false, integer: false }], excluded: [] },
  readSlot: () => Float32Array.of(0, 1),
} as const;

/** The translation of one round, as far as it is known before the data are; none in a family that has one source. */
export function outlineTranslation({ family, values }: TrainConfig): OutlinedRound['plans'] {
  if (!family.planTranslation) return [];
  const union = fitUnion(
    ['a', 'b'].map((name) => ({ name, ...ANY_SOURCE })),
    'standard',
  );
  const rows: TranslationRows = { union, counts: [[2], [2]] };
  return [family.planTranslation(values, rows)];
}

/** Whether a run compares own, pooled and translated rows: a target with many rows is not short of them. */
export function comparesSources({ run }: TrainConfig, rows: number): boolean {
  return run.compareSources && rows < run.crossBelow;
}

/** The rounds of the comparison, each with the plans of its critics. */
export function outlineComparison(config: TrainConfig, critics: OutlinedRound['plans']): OutlinedRound[] {
  const translation = outlineTranslation(config);
  if (translation.length === 0) return [];
  return Array.from({ length: config.run.folds }, (_, fold) =>
    SOURCE_VARIANTS.map((variant) => ({
      name: comparisonRound(fold, variant),
      plans: variant === 'translated' ? [...translation, ...critics] : critics,
    })),
  ).flat();
}

/** A translation between the sources of a run, trained. */
export interface TrainedTranslation {
  readonly prepared: PreparedSources;
  readonly fitted: FittedTranslation;
  /** Rows of the other sources for the critic, where it is trained on them. */
  readonly addRows: FitModelOptions['addRows'];
  readonly comparison?: SourceComparison;
}

export async function trainTranslation(
  config: TrainConfig,
  prepared: PreparedSources,
  table: NumberArray,
  fit: FitModelOptions,
): Promise<TrainedTranslation> {
  const { family, values, run } = config;
  const { sources, classes } = prepared;
  const { executor, journal, schema } = fit;
  const fitted = await fitTranslation({
    ...{ executor, journal, family, values, sources, classes: classes.length, numbers: run.numbers },
    ...{ random: createRandom(run.seed), round: TRANSLATION_ROUND, stepsPerCall: run.stepsPerCall },
  });
  const rows = table.shape[0] ?? 0;
  const compares = comparesSources(config, rows);
  if (!compares && !run.augmentTraining) return { prepared, fitted, addRows: undefined };
  const augmenter = createAugmenter({ config, prepared, fitted, schema, executor, journal });
  const others = Uint32Array.from({ length: augmenter.others.shape[0] ?? 0 }, (_, row) => row);
  // Calibration scores normal rows alone: the others may be known to every fold.
  const addRows: FitModelOptions['addRows'] = run.augmentTraining
    ? (round, normals) => augmenter.translated(round, { normals, others })
    : undefined;
  if (!compares) return { prepared, fitted, addRows };
  const comparison = await compareSources({ fit, table, augmenter, folds: run.folds, seed: run.seed });
  return { prepared, fitted, addRows, comparison };
}

/** The files of a model's folder: a translator to the target for each other source. */
export function exportTranslators({ prepared, fitted }: TrainedTranslation): Record<string, Uint8Array> {
  const { sources, target } = prepared;
  const others = sources.filter(({ name }) => name !== target);
  return Object.fromEntries(others.map(({ name }) => [translatorFile(name), fitted.translator(name, target)]));
}

/** What the manifest says of them. */
export function describeTranslation(
  { prepared, fitted }: TrainedTranslation,
  values: TrainConfig['values'],
): NonNullable<Manifest['translation']> {
  const { sources, target, carried, classes } = prepared;
  const lacking = LACKING_CHOICES.find((choice) => choice === values['lacking']) ?? 'neutral';
  const indexOf = (name: string): number => sources.findIndex((source) => source.name === name);
  const fieldsOf = (name: string) => [...sources[indexOf(name)]!.schema.fields] as FieldsOfManifest;
  const others = sources.filter(({ name }) => name !== target);
  return {
    ...{ target, lacking, carried: [...carried], classes: classes.map((levels) => [...levels]) },
    fields: fieldsOf(target),
    sources: others.map(({ name, rows }) => ({
      ...{ name, file: translatorFile(name), rows: rows.shape[0]!, fields: fieldsOf(name) },
      shared: sharedColumns(fitted.union, indexOf(name), indexOf(target)),
    })),
  };
}

type FieldsOfManifest = Manifest['features']['fields'];
