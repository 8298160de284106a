import type { Command } from 'commander';
import { AristarchError } from '../../base/errors.ts';
import {
  givenFlags,
  readSettingsFile,
  resolveSettings,
  type Settings,
  type SettingSources,
} from '../../base/settings.ts';
import { text } from '../../base/setting-schemas.ts';
import type { AnyImageFamily } from '../../models/families/image-family.ts';
import { stepsFor } from '../../models/families/image-critic.ts';
import { CRITIC_ONLY_FAMILY, DEFAULT_IMAGE_FAMILY, IMAGE_FAMILIES } from '../../models/families/index.ts';
import { pickKnown, presetNamed, withDefaults } from '../config.ts';
import { RUN_SETTINGS } from '../run-settings.ts';
import {
  IMAGE_FLAGS,
  IMAGE_RUN_SETTINGS,
  STYLIZER_SETTINGS,
  type ImageRunValues,
  type StylizerValues,
} from './settings.ts';

/** The resolved configuration of a run on images. */
export interface ImageTrainConfig {
  readonly run: ImageRunValues & { readonly imageColumn: string };
  readonly family: AnyImageFamily;
  readonly preset: string;
  /** Values of the family's settings. */
  readonly values: Readonly<Record<string, unknown>> & {
    readonly imageSize: number;
    readonly patchSize?: number | undefined;
    readonly steps?: number | undefined;
  };
  /** Of the decoder of styles; null where none is trained. */
  readonly stylizer: StylizerValues | null;
  /** All settings, with the preset's values for defaults, and the preset for their source. */
  readonly settings: Settings;
}

/** The configuration of a run on images; undefined where the run is on rows. Throws `INVALID_INPUT`. */
export async function readImageConfig(
  command: Command,
  env: SettingSources['env'],
): Promise<ImageTrainConfig | undefined> {
  const path = command.opts<{ config?: string }>().config;
  const file = path === undefined ? {} : await readSettingsFile(path);
  return resolveImageConfig({ flags: givenFlags(command), env, file });
}

/** The column of a table that reads image files. */
export const FILES_COLUMN = 'image';
/** What says that a run is on images, and on which family. */
const CHOICE_SETTINGS = {
  ...IMAGE_FLAGS,
  family: { flag: RUN_SETTINGS.family.flag, help: RUN_SETTINGS.family.help, schema: text().optional() },
  preset: RUN_SETTINGS.preset,
};

export function resolveImageConfig({ flags, env, file = {} }: SettingSources): ImageTrainConfig | undefined {
  const choice = resolveSettings(CHOICE_SETTINGS, { flags, env, file: pickKnown(file, CHOICE_SETTINGS) });
  const { imageColumn, criticOnly } = choice;
  if (imageColumn === undefined && !Object.hasOwn(IMAGE_FAMILIES, choice.family ?? '')) {
    refuseForRows({ ...file, ...flags });
    return undefined;
  }
  const named = imageFamilyNamed(choice.family ?? DEFAULT_IMAGE_FAMILY);
  const family = criticOnly ? imageFamilyNamed(CRITIC_ONLY_FAMILY) : named;
  const preset = choice.preset ?? family.defaultPreset;
  const source = `preset ${preset} of ${family.name}`;
  const own = withDefaults(family.settings, presetNamed(family, preset).values, source);
  const settings = { ...IMAGE_RUN_SETTINGS, ...own, ...(choice.stylizer && STYLIZER_SETTINGS) };
  const unfit = [...Object.keys(flags), ...Object.keys(file)].find((key) => !(key in settings) && !NEUTRAL.has(key));
  if (unfit !== undefined) {
    if (unfit in STYLIZER_SETTINGS)
      throw new AristarchError('INVALID_INPUT', `"${unfit}" is of the stylizer: give --stylizer too`);
    const message = `"${unfit}" has no meaning with --image-column and --family ${family.name}: leave it out`;
    throw new AristarchError('INVALID_INPUT', message, { setting: unfit });
  }
  const run = resolveSettings(IMAGE_RUN_SETTINGS, { flags, env, file: pickKnown(file, IMAGE_RUN_SETTINGS) });
  const values = resolveSettings(own, { flags, env, file: pickKnown(file, own) });
  family.check(values);
  checkLabel(run, family, imageColumn ?? FILES_COLUMN);
  const stylizer = run.stylizer
    ? resolveSettings(STYLIZER_SETTINGS, { flags, env, file: pickKnown(file, STYLIZER_SETTINGS) })
    : null;
  if (stylizer && values['patchSize'] !== undefined) {
    const message = '--stylizer encodes whole images, and --patch-size looks at patches of them: leave one of them out';
    throw new AristarchError('INVALID_INPUT', message);
  }
  if (run.mirrored === 'always' && values['patchSize'] !== undefined) {
    const message =
      '--mirrored always scores whole images, and --patch-size looks at patches of them: leave one of them out';
    throw new AristarchError('INVALID_INPUT', message);
  }
  return {
    ...{ family, preset, settings, stylizer },
    run: { ...run, family: family.name, preset, imageColumn: imageColumn ?? FILES_COLUMN },
    values: values as ImageTrainConfig['values'],
  };
}

/** The configuration with the updates that so many images are worth, where nobody says how many. */
export function withSteps(config: ImageTrainConfig, images: number): ImageTrainConfig {
  const { values, settings } = config;
  if (values.steps !== undefined) return config;
  const steps = stepsFor(images, values.patchSize);
  return {
    ...config,
    values: { ...values, steps },
    settings: { ...settings, steps: { ...settings['steps']!, default: steps } },
  };
}

/** Labels are for a generator, and of one column. */
function checkLabel({ condition = [] }: ImageRunValues, family: AnyImageFamily, imageColumn: string): void {
  const fault =
    condition.length === 0
      ? undefined
      : family.planGame === undefined
        ? `is what a generator is told, and --family ${family.name} has none: leave it out`
        : condition.length > 1
          ? `names ${condition.length} columns (${condition.join(', ')}); images have one label: name one`
          : condition[0] === imageColumn
            ? `names the images themselves, "${imageColumn}": name the column of their labels`
            : undefined;
  if (fault !== undefined) throw new AristarchError('INVALID_INPUT', `--condition ${fault}`, { condition });
}

/** What says more of images means nothing for rows. */
function refuseForRows(given: object): void {
  const table: Settings = { ...IMAGE_FLAGS, ...STYLIZER_SETTINGS };
  // What is switched off is asked of nobody.
  const setting = Object.entries(given).find(([key, value]) => Object.hasOwn(table, key) && value !== false)?.[0];
  if (setting === undefined) return;
  const message = `${table[setting]!.flag.split(' ')[0]} is for images: give --image-column too`;
  throw new AristarchError('INVALID_INPUT', message, { setting });
}

/** What the command itself knows. */
const NEUTRAL: ReadonlySet<string> = new Set(['config', 'json']);

function imageFamilyNamed(name: string): AnyImageFamily {
  const family = IMAGE_FAMILIES[name];
  if (family) return family;
  const known = Object.keys(IMAGE_FAMILIES).join(', ');
  throw new AristarchError('INVALID_INPUT', `--family ${name} is of no images: with --image-column give ${known}`, {
    name,
  });
}
