import { AristarchError } from '../../base/errors.ts';
import { nameList, powerOfTwo, realNumber, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { planImageCritic, type ImageCriticPlan } from '../images/image-critic.ts';
import type { TrainingImages } from '../images/views.ts';
import { IMAGE_NEGATIVE_NAMES, type ImageNegative } from '../images/negatives.ts';

const RECIPE = 'docs/decisions/0019';

/** Updates where nobody says how many; and of so many images, which are worth more of them (docs/decisions/0049). */
const [STEPS, STEPS_OF_MANY, MANY_IMAGES] = [2000, 3000, 2000];

/** Updates of the critic of so many images where nobody says how many; what more of them are worth to patches was not measured. */
export const stepsFor = (images: number, patchSize?: number): number =>
  images >= MANY_IMAGES && patchSize === undefined ? STEPS_OF_MANY : STEPS;

const sizeUpTo = (max: number) => powerOfTwo({ min: 8, max }, `8, 16, 32, 64 and so on up to ${max} is needed`);

/** Height and width of images: powers of two from 8 to `max`. */
export const imageSizeSetting = (max: number) => ({
  schema: sizeUpTo(max),
  default: 32,
  flag: '--image-size <pixels>',
  unit: 'pixels',
  help: 'Height and width that images are brought to: larger ones are shrunk until they fit, none is enlarged.',
  source: RECIPE,
});

const SETTINGS = defineSettings({
  imageSize: imageSizeSetting(512),
  patchSize: {
    schema: sizeUpTo(128).optional(),
    flag: '--patch-size <pixels>',
    unit: 'pixels',
    help: 'Look at patches of this height and width, which overlap by half, for defects that are small in large images; an image scores as its most anomalous patch. Without it images are looked at whole.',
    source: RECIPE,
  },
  withoutNegatives: {
    schema: nameList(),
    default: [],
    flag: '--without-negatives <kinds>',
    list: true,
    help: 'Changes that are normal for these images, so that the critic is not trained to find them: cutpaste, rot, shift, affine, elastic, jig, tone, erase. Not with --patch-size.',
  },
  steps: {
    schema: wholeNumber({ min: 1, max: 10_000_000 }).optional(),
    flag: '--steps <count>',
    help: 'Updates of the critic.',
    // Of all families' --steps the help has one sentence, and what is said here of each.
    source: `docs/decisions/0049: ${STEPS} when absent, or ${STEPS_OF_MANY} of ${MANY_IMAGES} images or more that are looked at whole`,
  },
  batch: {
    schema: wholeNumber({ min: 8, max: 4096 }),
    default: 24,
    flag: '--batch <count>',
    unit: 'images',
    help: 'Images in one update, each beside its negative.',
    source: RECIPE,
  },
  learningRate: {
    schema: realNumber({ min: 1e-7, max: 1 }),
    default: 2e-3,
    flag: '--learning-rate <rate>',
    help: 'Learning rate of Adam: constant for the first half, then linear to 0.',
    source: RECIPE,
  },
});
type Values = SettingValues<typeof SETTINGS>;

/** A family that is trained on images; what a family of rows has, it has too, but for the generator. */
export const imageCritic = {
  name: 'image-critic',
  summary: 'For images: a convolutional critic that tells normal ones from changed copies of themselves; for defects.',
  source: 'image-critic.md; the negatives: Golan and El-Yaniv 2018, DeVries and Taylor 2017, Li et al. 2021 (CutPaste)',
  settings: SETTINGS,
  defaultPreset: 'detect',
  presets: { detect: { summary: 'The detecting critic.', values: {} } },
  check: (values: Values): void => {
    chosenNegatives(values);
    checkPatches(values);
  },
  /** The critic of a run, or of a fold with a share of its steps. */
  plan: (values: Values, images: TrainingImages, share = 1): ImageCriticPlan =>
    planImageCritic(
      {
        ...{ name: 'detector', width: 16, hidden: 128, slope: 0.2, negatives: chosenNegatives(values) },
        patchSize: values.patchSize,
        ...{ batch: values.batch, penalised: Math.round(values.batch / 3), penaltyWeight: 0.01 },
        ...{ steps: Math.max(1, Math.round((values.steps ?? STEPS) * share)), learningRate: values.learningRate },
        optimiser: { kind: 'adam', beta1: 0, beta2: 0.99, epsilon: 1e-8 },
      },
      images,
    ),
} as const;
export type ImageFamilyValues = Values;

/** Throws `INVALID_INPUT` where images are no larger than a patch. */
function checkPatches({ imageSize, patchSize }: Pick<Values, 'imageSize' | 'patchSize'>): void {
  if (patchSize !== undefined && patchSize >= imageSize) {
    const message = `--patch-size ${patchSize} is not smaller than --image-size ${imageSize}: give a larger image size, or no patches`;
    throw new AristarchError('INVALID_INPUT', message, { imageSize, patchSize });
  }
}

/**
 * What patches are trained against. They are drawn anywhere in an image, so that what is moved, turned or pasted is often as normal as before, and
 * small defects are what they are for.
 */
const PATCH_NEGATIVES: readonly ImageNegative[] = ['scar'];
const WHOLE_NEGATIVES = IMAGE_NEGATIVE_NAMES.filter((name) => !PATCH_NEGATIVES.includes(name));

type NegativeValues = Pick<Values, 'withoutNegatives' | 'patchSize'>;

/** Throws `INVALID_INPUT` for kinds that do not exist, for any with patches, and where none is left. */
function chosenNegatives({ withoutNegatives, patchSize }: NegativeValues): readonly ImageNegative[] {
  if (patchSize !== undefined) {
    if (withoutNegatives.length === 0) return PATCH_NEGATIVES;
    const message = `--without-negatives has no meaning with --patch-size: patches are trained against ${PATCH_NEGATIVES.join(', ')} alone`;
    throw new AristarchError('INVALID_INPUT', message, { patchSize });
  }
  const known: readonly string[] = WHOLE_NEGATIVES;
  const unknown = withoutNegatives.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const message = `--without-negatives names "${unknown}", which is no kind: give some of ${known.join(', ')}`;
    throw new AristarchError('INVALID_INPUT', message, { kind: unknown });
  }
  const left = WHOLE_NEGATIVES.filter((name) => !withoutNegatives.includes(name));
  if (left.length > 0) return left;
  throw new AristarchError('INVALID_INPUT', '--without-negatives leaves nothing to train against: name fewer kinds');
}
