import { AristarchError } from '../../base/errors.ts';
import { createRandom } from '../../base/philox.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { translatorFile } from '../../models/artefact/layout.ts';
import { LACKING_CHOICES } from '../../models/radial/lacking.ts';
import type { TranslationRows } from '../../models/radial/plan.ts';
import { fitUnion, sharedColumns } from '../../models/radial/union.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { TrainConfig } from '../config.ts';
import type { Journal } from '../fit/fit-critics.ts';
import type { OutlinedRound } from '../journal.ts';
import { fitTranslation, type FittedTranslation } from './fit-translation.ts';
import { prepareSources, type PreparedSources } from './read-sources.ts';

const ROUND = 'translation';

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

/** The tasks that come before the critics'. */
export function outlineTranslation({ family, values }: TrainConfig): OutlinedRound[] {
  if (!family.planTranslation) return [];
  const union = fitUnion(
    ['a', 'b'].map((name) => ({ name, ...ANY_SOURCE })),
    'standard',
  );
  const rows: TranslationRows = { union, counts: [[2], [2]] };
  return [{ name: ROUND, plans: [family.planTranslation(values, rows)] }];
}

/** A translation between the sources of a run, trained. */
export interface TrainedTranslation {
  readonly prepared: PreparedSources;
  readonly fitted: FittedTranslation;
}

export async function trainTranslation(
  { family, values, run }: TrainConfig,
  prepared: PreparedSources,
  { executor, journal }: { readonly executor: Executor; readonly journal: Journal },
): Promise<TrainedTranslation> {
  const { sources, classes } = prepared;
  const fitted = await fitTranslation({
    ...{ executor, journal, family, values, sources, classes: classes.length, numbers: run.numbers },
    ...{ random: createRandom(run.seed), round: ROUND, stepsPerCall: run.stepsPerCall },
  });
  return { prepared, fitted };
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
