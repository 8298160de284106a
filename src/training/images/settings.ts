import { onOff, text } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { imageCritic } from '../../models/families/image-critic.ts';
import { RUN_SETTINGS } from '../run-settings.ts';

/** Flags of `train` that say that the data are images. */
export const IMAGE_FLAGS = defineSettings({
  imageColumn: {
    schema: text().optional(),
    flag: '--image-column <column>',
    help: 'Train on images: the column with the bytes of PNG, JPEG or WebP files; "image" where --data names such files, or a folder of them.',
    group: 'Images',
  },
  criticOnly: {
    schema: onOff(),
    default: false,
    flag: '--critic-only',
    help: 'Of images: train the detecting critic, and no generator.',
    group: 'Images',
  },
});

const { data, where, memoryBudget, out, name, replace, rate, calibrationShare, crossBelow, folds } = RUN_SETTINGS;
const { foldSteps, seed, device, threads, stepsPerCall } = RUN_SETTINGS;

/** Settings of a run on images; other flags of `train` are refused there. */
export const IMAGE_RUN_SETTINGS = {
  ...IMAGE_FLAGS,
  ...{ data, where, memoryBudget, out, name, replace, rate, calibrationShare, crossBelow, folds },
  ...{ foldSteps, seed, device, threads, stepsPerCall },
};
export const IMAGE_SETTINGS = { ...IMAGE_RUN_SETTINGS, ...imageCritic.settings };
export type ImageRunValues = SettingValues<typeof IMAGE_SETTINGS>;
