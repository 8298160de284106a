import { nameList, oneOf, onOff, realNumber, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { DEFAULT_IMAGE_FAMILY } from '../../models/families/index.ts';
import { showData } from '../../tables/download.ts';
import { RUN_SETTINGS } from '../run-settings.ts';

const PAPER = 'Huang and Belongie 2017';

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
  mirrored: {
    schema: oneOf(['auto', 'always', 'never']),
    default: 'auto' as const,
    flag: '--mirrored <auto|always|never>',
    help: 'Score an image as the mean of itself and its mirror image, left for right, in twice the time: auto where mirror images of the training images look as normal as these do; never where a part that is the wrong way round is a defect.',
    source: 'docs/decisions/0047',
    group: 'Images',
  },
  stylizer: {
    schema: onOff(),
    default: false,
    flag: '--stylizer',
    help: 'Of images: train a decoder behind the first layers of the detecting critic as well, by which "stylize" gives an image the style of another one. The critic stays the same.',
    source: PAPER,
    group: 'Images',
  },
});

/** Of the decoder behind the critic's layers, which --stylizer trains. */
export const STYLIZER_SETTINGS = defineSettings({
  styleData: {
    schema: nameList().optional(),
    flag: '--style-data <addresses>',
    list: true,
    shown: (value) => value && showData(value),
    help: 'Images whose styles the decoder sees in training, a column or files as --data has them; the training images themselves when absent.',
    group: 'Stylizer of images',
  },
  stylizerSteps: {
    schema: wholeNumber({ min: 1, max: 10_000_000 }),
    default: 1500,
    flag: '--stylizer-steps <count>',
    help: 'Updates of the decoder, of eight pairs of a content and a style each.',
    source: 'docs/decisions/0032',
    group: 'Stylizer of images',
  },
  stylizerLayers: {
    schema: wholeNumber({ min: 1, max: 8 }).optional(),
    flag: '--stylizer-layers <count>',
    help: 'Layers of the critic that encode, each of which halves height and width; 2 when absent, or as many as there are.',
    source: 'docs/decisions/0032',
    group: 'Stylizer of images',
  },
  stylizerRate: {
    schema: realNumber({ min: 1e-7, max: 1 }),
    default: 2e-3,
    flag: '--stylizer-rate <rate>',
    help: 'Learning rate of Adam for the decoder: constant for the first half, then linear to 0.',
    source: 'docs/decisions/0032',
    group: 'Stylizer of images',
  },
  styleWeight: {
    schema: realNumber({ min: 0 }),
    default: 10,
    flag: '--style-weight <weight>',
    help: 'What the style loss counts beside the content loss.',
    source: `${PAPER}, equation 11`,
    group: 'Stylizer of images',
  },
});

const { data, where, condition, memoryBudget, out, name, replace, preset, rate, calibrationShare, crossBelow, folds } =
  RUN_SETTINGS;
const { foldSteps, seed, timeBudget, device, threads, stepsPerCall, checkpointSeconds, resume, dryRun } = RUN_SETTINGS;

/** Settings of a run on images that no family owns; other flags of `train` are refused there. */
export const IMAGE_RUN_SETTINGS = {
  ...IMAGE_FLAGS,
  ...{ data, where },
  ...defineSettings({
    condition: {
      ...{ schema: nameList().optional(), flag: condition.flag, list: true, group: 'Data' },
      help: 'The column of labels that a generator is told; it has one at most.',
      source: 'Miyato and Koyama 2018',
    },
  }),
  ...{ memoryBudget, out, name, replace },
  ...defineSettings({ family: { ...RUN_SETTINGS.family, default: DEFAULT_IMAGE_FAMILY } }),
  ...{ preset, rate, calibrationShare, crossBelow, folds, foldSteps, seed, timeBudget },
  ...{ device, threads, stepsPerCall, checkpointSeconds, resume, dryRun },
};
export type ImageRunValues = SettingValues<typeof IMAGE_RUN_SETTINGS>;
export type StylizerValues = SettingValues<typeof STYLIZER_SETTINGS>;
