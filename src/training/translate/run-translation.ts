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
import { createAugmenter } from './augment.ts';
import { comparisonRound, compareSources, SOURCE_VARIANTS, type SourceComparison } from './compare-sources.ts';
import { fitTranslation, type FittedTranslation } from './fit-translation.ts';
import { prepareSources, type PreparedSources } from './read-sources.ts';

/** Name of the round of the translation that is exported. */
export const TRANSLATION_ROUND = 'translation';

/** The sources of a run whose family translates; undefined for any other. Throws what `prepareSources` throws. */
export async function prepareTranslation({ family, run }: TrainConfig): Promise<PreparedSources | undefined> {
  if (!family.planTranslation) return undefined;
  const prepared = await prepareSources(run);
  checkShared(prepared);
  return prepared;
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
  const augmenter = createAugmenter({ config, prepared, fitted, schema, rows, executor, journal });
  const addRows: FitModelOptions['addRows'] = run.augmentTraining
    ? (round, chosen) => augmenter.translated(round, chosen)
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
