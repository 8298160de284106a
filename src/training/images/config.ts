import type { Command } from 'commander';
import { AristarchError } from '../../base/errors.ts';
import { givenFlags, readSettingsFile, resolveSettings, type SettingSources } from '../../base/settings.ts';
import { imageCritic } from '../../models/families/image-critic.ts';
import { IMAGE_FLAGS, IMAGE_SETTINGS, type ImageRunValues } from './settings.ts';

/** A run on images. */
export interface ImageTrainConfig {
  readonly values: ImageRunValues & { readonly imageColumn: string };
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

export function resolveImageConfig({ flags, env, file = {} }: SettingSources): ImageTrainConfig | undefined {
  const own = Object.fromEntries(Object.entries(file).filter(([key]) => key in IMAGE_FLAGS));
  const { imageColumn, criticOnly } = resolveSettings(IMAGE_FLAGS, { flags, env, file: own });
  if (imageColumn === undefined) {
    if (criticOnly) throw new AristarchError('INVALID_INPUT', '--critic-only is for images: give --image-column too');
    return undefined;
  }
  if (!criticOnly) {
    const message = 'no generator of images can be trained yet: give --critic-only for the detecting critic';
    throw new AristarchError('INVALID_INPUT', message);
  }
  const unfit = [...Object.keys(flags), ...Object.keys(file)].find(
    (key) => !(key in IMAGE_SETTINGS) && !NEUTRAL.has(key),
  );
  if (unfit !== undefined) {
    const message = `"${unfit}" has no meaning with --image-column: leave it out`;
    throw new AristarchError('INVALID_INPUT', message, { setting: unfit });
  }
  const values = resolveSettings(IMAGE_SETTINGS, { flags, env, file });
  imageCritic.check(values);
  return { values: { ...values, imageColumn } };
}

/** What the command itself knows. */
const NEUTRAL: ReadonlySet<string> = new Set(['config', 'json']);
