import { AristarchError } from '../base/errors.ts';
import { nameList, onOff, text, wholeNumber } from '../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../base/settings.ts';
import {
  oneSource,
  parseNamedSources,
  showNamedSources,
  sourceNamed,
  type NamedSource,
} from '../tables/named-sources.ts';
import type { TranslationDescription } from './open-translation.ts';
import { TABLE_SETTINGS } from './table-settings.ts';

const { model, data, where, device, threads, memory } = TABLE_SETTINGS;

export const TRANSLATE_SETTINGS = defineSettings({
  model,
  from: {
    schema: text().optional(),
    flag: '--from <source>',
    help: 'source that the rows of --data are of',
  },
  data: { ...data, schema: nameList(), default: [] },
  source: {
    schema: nameList(),
    default: [],
    flag: '--source <name=addresses>',
    list: true,
    each: oneSource,
    shown: showNamedSources,
    help: 'several sources at once, in the place of --from and --data: --source ulm=a.parquet --source brest=b.csv',
  },
  to: {
    schema: text().optional(),
    flag: '--to <source>',
    help: "source that rows are translated to; the model's target, which is the only one",
  },
  augment: {
    schema: onOff(),
    default: false,
    flag: '--augment',
    help: "put the target's own rows first, as they are, and mark all rows in a column: the augmented data set. Give the target among --source",
  },
  mark: {
    schema: text().optional(),
    flag: '--mark <column>',
    help: 'column of --augment that names the source of each row; "source" when it is not given',
  },
  where,
  out: {
    schema: text(),
    flag: '--out <file>',
    help: 'file to write, replaced if it exists; .parquet, .csv, .tsv or .ndjson, the last three also with .gz',
  },
  seed: {
    schema: wholeNumber({ min: 0 }),
    default: 1,
    flag: '--seed <number>',
    help: 'names the draws of flags and levels, of models trained with --draw-levels: the same seed gives the same file',
  },
  device,
  threads,
  memory,
});
export type TranslateValues = SettingValues<typeof TRANSLATE_SETTINGS>;

/** What is to be translated, in order; the target's own rows come first. Throws `INVALID_INPUT`. */
export function chooseSources(values: TranslateValues, { target, sources }: TranslationDescription): NamedSource[] {
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message);
  };
  const { from, data, to, augment } = values;
  if (to !== undefined && to !== target)
    refuse(`--to ${to} is not the target of the model, ${target}: train one with --target ${to}`);
  if (values.mark !== undefined && !augment)
    refuse('--mark names a column of --augment alone: leave it out, or give --augment');
  if (from !== undefined && augment)
    refuse(
      `--augment puts rows of several sources together: give --source ${target}=FILE --source ${from === target ? 'OTHER' : from}=FILE in the place of --from and --data`,
    );
  if (from !== undefined && values.source.length > 0) refuse('give --from with --data, or --source, not both');
  if ((from === undefined) !== (data.length === 0))
    refuse('--from and --data go together: which source the rows are of, and where they are');
  const named = from === undefined ? parseNamedSources(values.source) : [{ name: from, data }];
  if (named.length === 0)
    refuse('there is nothing to translate: give --from SOURCE --data FILE, or --source SOURCE=FILE for each');
  const own = named.filter(({ name }) => name === target);
  const foreign = named.filter(({ name }) => name !== target);
  for (const { name } of foreign) sourceNamed(sources, name, '--source');
  if (augment && own.length === 0)
    refuse(`--augment needs the target's own rows: give --source ${target}=FILE as well`);
  if (!augment && own.length > 0)
    refuse(`${target} is the target itself: leave it out, or put its rows first with --augment`);
  return [...own, ...foreign];
}
