import type { Command } from 'commander';
import { AristarchError } from '../base/errors.ts';
import { givenFlags, readSettingsFile, resolveSettings, type Settings, type SettingSources } from '../base/settings.ts';
import type { AnyFamily } from '../models/families/family.ts';
import { FAMILIES, familyNamed, IMAGE_FAMILIES } from '../models/families/index.ts';
import { inheritedSettings, openOrigin } from './continue/origin.ts';
import { RUN_SETTINGS, type RunValues } from './run-settings.ts';
import { withTargetData } from './translate/source-settings.ts';

/** The resolved configuration of a training run. */
export interface TrainConfig {
  readonly run: RunValues;
  readonly family: AnyFamily;
  readonly preset: string;
  /** Values of the family's settings. */
  readonly values: Readonly<Record<string, unknown>>;
  /** All settings, with the preset's values for defaults, and the preset for their source: for printing and for the report. */
  readonly settings: Settings;
}

/** The configuration that flags, environment and `--config` file ask for. Throws `INVALID_INPUT`. */
export async function readTrainConfig(command: Command, env: SettingSources['env']): Promise<TrainConfig> {
  const path = command.opts<{ config?: string }>().config;
  const file = path === undefined ? {} : await readSettingsFile(path);
  return resolveTrainConfig(await inheritSettings({ flags: givenFlags(command), env, file }));
}

/** What a model to go on from was trained with, below everything that is given for this run. */
async function inheritSettings(sources: SettingSources & { readonly file: object }): Promise<SettingSources> {
  const { fromModel, schema, condition } = resolveSettings(ORIGIN_SETTINGS, {
    ...sources,
    file: pickKnown(sources.file, ORIGIN_SETTINGS),
  });
  if (fromModel === undefined) return sources;
  if (schema !== undefined) {
    throw new AristarchError('INVALID_INPUT', '--from-model keeps the fields of its model: give it without --schema');
  }
  if (condition.length > 0) {
    const message = '--from-model keeps the conditions of its model: give it without --condition';
    throw new AristarchError('INVALID_INPUT', message, { condition });
  }
  const { manifest } = await openOrigin(fromModel);
  const { settings } = familyNamed(manifest.family);
  return { ...sources, file: { ...inheritedSettings(manifest, { ...RUN_SETTINGS, ...settings }), ...sources.file } };
}

const ORIGIN_SETTINGS = {
  fromModel: RUN_SETTINGS.fromModel,
  schema: RUN_SETTINGS.schema,
  condition: RUN_SETTINGS.condition,
};

/** Of a file's values those that a table knows. */
export function pickKnown(file: object, settings: Settings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(file).filter(([key]) => key in settings));
}

export function resolveTrainConfig(given: SettingSources): TrainConfig {
  const { family, preset } = choosePreset(given);
  refuseForeignFlags(family, given.flags);
  const sources = withTargetData(family, given);
  const { values: presetValues, score } = presetNamed(family, preset);
  const defaults: Readonly<Record<string, unknown>> = { ...presetValues, ...(score && { score }) };
  const source = `preset ${preset} of ${family.name}`;
  const settings = withDefaults({ ...RUN_SETTINGS, ...family.settings }, defaults, source);
  const all = resolveSettings(settings, sources);
  family.check(all);
  const pick = (table: Settings): Record<string, unknown> =>
    Object.fromEntries(Object.keys(table).map((key) => [key, all[key]]));
  return { run: pick(RUN_SETTINGS) as RunValues, values: pick(family.settings), family, preset, settings };
}

/** Family and preset decide which settings there are and what their defaults are, so they are found first. */
function choosePreset({ file = {}, ...sources }: SettingSources): { family: AnyFamily; preset: string } {
  const { family: familySetting, preset: presetSetting } = RUN_SETTINGS;
  const first = { family: familySetting, preset: presetSetting };
  const chosen = resolveSettings(first, { ...sources, file: pickKnown(file, first) });
  const family = familyNamed(chosen.family);
  const preset = chosen.preset ?? family.defaultPreset;
  presetNamed(family, preset);
  return { family, preset };
}

/** A family's preset; throws `INVALID_INPUT` with the names that there are. */
export function presetNamed<P>(
  family: { readonly name: string; readonly presets: Readonly<Record<string, P>> },
  preset: string,
): P {
  if (Object.hasOwn(family.presets, preset)) return family.presets[preset]!;
  const names = Object.keys(family.presets).join(', ');
  throw new AristarchError('INVALID_INPUT', `${family.name} has no preset ${preset}; it has ${names}`, { preset });
}

/** The command has the flags of all families: one that only others have would change nothing. */
function refuseForeignFlags({ name, settings }: AnyFamily, flags: SettingSources['flags']): void {
  const known = { ...RUN_SETTINGS, ...settings };
  const faults = Object.keys(flags).flatMap((key) => {
    const having = [...Object.values(FAMILIES), ...Object.values(IMAGE_FAMILIES)].filter((family) =>
      Object.hasOwn(family.settings, key),
    );
    if (Object.hasOwn(known, key) || having.length === 0) return [];
    const flag = having[0]!.settings[key]!.flag.split(' ')[0]!;
    const names = having.map((family) => family.name).join(' or ');
    return [`${flag} belongs to --family ${names}, and ${name} is trained: leave it out, or choose that family`];
  });
  if (faults.length > 0) throw new AristarchError('INVALID_INPUT', faults.join('\n'), { faults });
}

/** The settings with a preset's values for defaults. */
export function withDefaults(
  settings: Settings,
  defaults: Readonly<Record<string, unknown>>,
  source: string,
): Settings {
  return Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [
      key,
      Object.hasOwn(defaults, key) ? { ...setting, default: defaults[key], source } : setting,
    ]),
  );
}
