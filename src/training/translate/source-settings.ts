import { nameList, onOff, text } from '../../base/setting-schemas.ts';
import { defineSettings, resolveSettings, type SettingSources } from '../../base/settings.ts';
import { AristarchError } from '../../base/errors.ts';
import type { AnyFamily } from '../../models/families/family.ts';
import { oneSource, parseNamedSources, showNamedSources, sourceNamed } from '../../tables/named-sources.ts';

const group = 'Several sources';

/** Settings of a run whose rows come from several sources, for families that translate. */
export const SOURCE_SETTINGS = defineSettings({
  source: {
    schema: nameList(),
    default: [],
    flag: '--source <name=addresses>',
    list: true,
    each: oneSource,
    shown: showNamedSources,
    help: 'A source of rows and its name, given once for each: --source ulm=a.parquet --source brest=b.csv,c.csv. Columns may differ; those of one name are one.',
    group,
  },
  target: {
    schema: text().optional(),
    flag: '--target <name>',
    help: 'The source that rows of the others are translated to, and whose normal rows (--where) train the critic.',
    group,
  },
  augmentTraining: {
    schema: onOff(),
    default: false,
    flag: '--augment-training',
    help: "Train the critic on normal rows of the other sources as well, translated. Calibration keeps to the target's own. Foreign normals can hurt: the report compares.",
    source: 'docs/decisions/0014',
    group,
  },
  compareSources: {
    schema: onOff(),
    default: true,
    flag: '--no-compare-sources',
    help: "Leave out the report's comparison of own, pooled and translated rows, which takes about twice as long as all else. A target with --cross-below rows or more is not compared.",
    group,
  },
});

/** Where the rows of the run come from: the target is its data. Throws `INVALID_INPUT` where sources and family do not fit. */
export function withTargetData(family: AnyFamily, sources: SettingSources): SettingSources {
  const { file = {}, flags } = sources;
  const known = Object.fromEntries(Object.entries(file).filter(([key]) => key in SOURCE_SETTINGS));
  const { source, target, augmentTraining } = resolveSettings(SOURCE_SETTINGS, { ...sources, file: known });
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message);
  };
  if (!family.planTranslation) {
    if (source.length > 0 || target !== undefined || augmentTraining) {
      refuse(
        `${family.name} has one source of rows: give it as --data, or choose a family that translates, such as --family radialgan`,
      );
    }
    return sources;
  }
  if (flags['data'] !== undefined || 'data' in file) {
    refuse(
      `${family.name} reads several sources: give --source NAME=ADDRESS for each, and --target, in the place of --data`,
    );
  }
  if (flags['fromModel'] !== undefined || 'fromModel' in file) {
    refuse(`${family.name} does not go on from a model: leave out --from-model, and train anew on all sources`);
  }
  const named = parseNamedSources(source);
  if (named.length < 2)
    refuse(`${family.name} translates between sources: give at least two, --source NAME=ADDRESS for each`);
  if (target === undefined)
    return refuse(
      `--target is missing: name the source that rows are translated to, one of ${named.map(({ name }) => name).join(', ')}`,
    );
  return { ...sources, file: { ...file, data: sourceNamed(named, target, '--target').data } };
}
