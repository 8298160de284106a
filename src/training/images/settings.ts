import { onOff, text } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { DEFAULT_IMAGE_FAMILY } from '../../models/families/index.ts';
import { RUN_SETTINGS } from '../run-settings.ts';

/** Flags of `train` that say that the data are images. */
export const IMAGE_FLAGS = defineSettings({
  imageColumn: {
    schema: text().optional(),
    flag: '--image-column <column>',
    help: 'Train on images: the column with the bytes of PNG, JPEG or WebP files; "image", as for a family of images, where --data names such files, or a folder of them.',
    group: 'Images',
  },
  criticOnly: {
    schema: onOff(),
    default: false,
    flag: '--critic-only',
    help: 'Of images: train the detecting critic, and no generator; as --family image-critic does.',
    group: 'Images',
  },
});

const { data, where, memoryBudget, out, name, replace, preset, rate, calibrationShare, crossBelow, folds } =
  RUN_SETTINGS;
const { foldSteps, seed, timeBudget, device, threads, stepsPerCall, checkpointSeconds, resume, dryRun } = RUN_SETTINGS;

/** Settings of a run on images that no family owns; other flags of `train` are refused there. */
export const IMAGE_RUN_SETTINGS = {
  ...IMAGE_FLAGS,
  ...{ data, where, memoryBudget, out, name, replace },
  ...defineSettings({ family: { ...RUN_SETTINGS.family, default: DEFAULT_IMAGE_FAMILY } }),
  ...{ preset, rate, calibrationShare, crossBelow, folds, foldSteps, seed, timeBudget },
  ...{ device, threads, stepsPerCall, checkpointSeconds, resume, dryRun },
};
export type ImageRunValues = SettingValues<typeof IMAGE_RUN_SETTINGS>;
