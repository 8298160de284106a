import { AristarchError } from '../../base/errors.ts';
import { nameList, oneOf, powerOfTwo, realNumber, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { REGULARISERS } from '../adversarial/regularisers.ts';
import type { Planes } from '../images/warp.ts';
import { AUGMENTATION_NAMES, type AugmentationName } from '../stylegan/augment.ts';
import { planPhase, type StyleGanOptions } from '../stylegan/game.ts';
import { styleCriticGraph, styleGeneratorGraph } from '../stylegan/generator-graph.ts';
import { schedulePhases } from '../stylegan/phases.ts';
import { SMALLEST_SIZE } from '../stylegan/resolutions.ts';
import { defineImageFamily } from './image-family.ts';
import { imageCritic, imageSizeSetting } from './image-critic.ts';
import { OWN_SETTINGS } from './own-settings.ts';
import { NETWORK_SETTINGS } from './settings.ts';

const PROGAN = 'Karras et al. 2018';
const STYLEGAN = 'Karras et al. 2019';
const SMALL = 'docs/decisions/0023';

const SETTINGS = defineSettings({
  ...imageCritic.settings,
  imageSize: imageSizeSetting(1024),
  growFrom: {
    schema: powerOfTwo({ min: SMALLEST_SIZE, max: 1024 }, 'a power of two from 4 on is needed'),
    default: 8,
    flag: '--grow-from <pixels>',
    unit: 'pixels',
    help: 'Height and width with which generator and own critic begin; each next size is faded in.',
    source: `${STYLEGAN}; 4 in ${PROGAN}, section 2`,
  },
  phaseImages: {
    schema: wholeNumber({ min: 1, max: 1e9 }),
    default: 10_000,
    flag: '--phase-images <count>',
    unit: 'images',
    help: 'Images that the own critic is shown while a size is faded in, and again while it settles.',
    source: `${SMALL}; 800,000 in ${PROGAN}, 600,000 in ${STYLEGAN}`,
  },
  lastImages: {
    schema: wholeNumber({ min: 1, max: 1e9 }),
    default: 80_000,
    flag: '--last-images <count>',
    unit: 'images',
    help: 'Images that the own critic is shown at the full size.',
    source: SMALL,
  },
  lastParts: {
    schema: wholeNumber({ min: 1, max: 1000 }),
    default: 4,
    flag: '--last-parts <count>',
    help: 'Parts that these are cut into: the report has pictures after each.',
  },
  ownBatch: {
    schema: wholeNumber({ min: 2, max: 4096 }),
    default: 16,
    flag: '--own-batch <count>',
    unit: 'images',
    help: 'Images in one update of the own critic and of the generator.',
    source: `${PROGAN}, appendix A: 16 up to 128 pixels`,
  },
  channelBase: {
    schema: wholeNumber({ min: 1, max: 1_048_576 }),
    default: 256,
    flag: '--channel-base <count>',
    help: 'Channels of a layer times its height: large layers have few channels.',
    source: `${SMALL}; 16,384 in ${PROGAN}, table 2`,
  },
  channelMost: {
    schema: wholeNumber({ min: 1, max: 4096 }),
    default: 32,
    flag: '--channel-most <count>',
    help: 'The most channels that a layer has.',
    source: `${SMALL}; 512 in ${PROGAN}, table 2`,
  },
  latent: {
    ...NETWORK_SETTINGS.latent,
    help: "Width of the generator's noise, and of the styles.",
    source: `${SMALL}; 512 in ${STYLEGAN}`,
  },
  mappingLayers: {
    schema: wholeNumber({ min: 1, max: 64 }),
    default: 2,
    flag: '--mapping-layers <count>',
    help: 'Layers of the mapping network, from noise to styles.',
    source: `${SMALL}; 8 in ${STYLEGAN}, figure 1`,
  },
  mixing: {
    schema: realNumber({ min: 0, max: 1 }),
    default: 0,
    flag: '--mixing <share>',
    help: 'Share of the images that are made of two styles in training.',
    source: `${SMALL}; 0.9 in ${STYLEGAN}, section 3.1`,
  },
  augment: {
    schema: nameList(),
    default: [],
    flag: '--augment <kinds>',
    list: true,
    help: `What is done to real and generated images alike before the own critic sees them, so that it does not learn few images by heart: some of ${AUGMENTATION_NAMES.join(', ')}.`,
    source: 'Zhao et al. 2020, section 3; off in the papers',
  },
  objective: { ...OWN_SETTINGS.objective, default: 'non-saturating', source: `${STYLEGAN}, section 2` },
  regulariser: {
    ...OWN_SETTINGS.regulariser,
    schema: oneOf(['none', 'gradient-penalty', 'zero-centred', 'r1', 'r2']),
    default: 'r1',
    source: `${STYLEGAN}, section 2`,
  },
  regulariserWeight: {
    ...OWN_SETTINGS.regulariserWeight,
    schema: realNumber({ min: 0 }),
    default: 1,
    source: `${SMALL}; 10 in Mescheder et al. 2018 and ${STYLEGAN}, in its code`,
  },
  regulariserInterval: {
    ...OWN_SETTINGS.regulariserInterval,
    schema: wholeNumber({ min: 1, max: 16 }),
    default: 4,
    source: `${SMALL}; 16 in Karras et al. 2020`,
  },
  drift: {
    schema: realNumber({ min: 0 }),
    default: 0,
    flag: '--drift <weight>',
    help: "Weight of the square of the own critic's output on real images in its loss, which keeps that near 0; 0 for none.",
    source: `${STYLEGAN} has none; 0.001 in ${PROGAN}, appendix A`,
  },
  criticSteps: {
    ...OWN_SETTINGS.criticSteps,
    schema: wholeNumber({ min: 1, max: 8 }),
    default: 1,
    source: `${PROGAN}, appendix A`,
  },
  ownLearningRate: {
    ...OWN_SETTINGS.ownLearningRate,
    default: 0.01,
    source: `${SMALL}; 0.001 in ${PROGAN}, appendix A`,
  },
  criticPace: {
    schema: realNumber({ min: 0.01, max: 100 }),
    default: 2,
    flag: '--critic-pace <factor>',
    help: "Learning rate of the own critic over the generator's: a critic that is behind does not notice that images are all alike.",
    source: `${SMALL}, in the manner of Heusel et al. 2017; 1 in ${PROGAN} and ${STYLEGAN}`,
  },
  ownBeta1: {
    ...OWN_SETTINGS.ownBeta1,
    help: "Adam's decay of the first moment, for the own critic and the generator.",
    source: `${PROGAN}, appendix A`,
  },
  ownBeta2: {
    ...OWN_SETTINGS.ownBeta2,
    default: 0.99,
    help: "Adam's decay of the second moment, for the own critic and the generator.",
    source: `${PROGAN}, appendix A`,
  },
  generatorAverage: { ...OWN_SETTINGS.generatorAverage, default: 0.999, source: `${PROGAN}, appendix A` },
});
type Values = SettingValues<typeof SETTINGS>;

/** What both papers have, and is other in short runs. */
const PAPERS_TRAINING = {
  ...{ mappingLayers: 8, mixing: 0.9, regulariserWeight: 10, ownLearningRate: 1e-3, criticPace: 1 },
} as const;

/**
 * StyleGAN: Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks", CVPR 2019, grown as in
 * Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR 2018; with the
 * detecting critic of image-critic beside it, which critic.onnx scores by.
 *
 * Deviations: the defaults have few channels and few images, for hours of a CPU instead of weeks of eight GPUs (docs/decisions/0023); the
 * minibatch's deviation is taken over the whole batch, as in the paper's text, and not over groups of four, as in its code; the
 * batch and the learning rate are the same at all sizes; truncation is for whoever samples, and in all layers, where the paper has it in the
 * coarse ones; the learned constant starts as N(0, 1), and not as 1 (in short runs it had hardly left 1, so that noise drowned it). In the
 * preset small images have one style each, and the critic learns at twice the generator's rate.
 */
export const stylegan = defineImageFamily({
  name: 'stylegan',
  summary:
    'For images: a style-based generator that grows from 8 x 8, and the detecting critic beside it; to make images up.',
  source: `Karras, Laine and Aila 2019, CVPR; Karras, Aila, Laine and Lehtinen 2018, ICLR`,
  settings: SETTINGS,
  defaultPreset: 'small',
  presets: {
    small: { summary: 'Few channels and few images: for small images and hours of a CPU.', values: {} },
    karras: {
      summary: "The paper's widths, and its 25 million images at 1024 pixels, held by R1 at every update; for GPUs.",
      values: {
        ...{ channelBase: 16_384, channelMost: 512, latent: 512, growFrom: 8, phaseImages: 600_000 },
        // 8.4 million before the full size has settled, where that is 1024.
        ...{ lastImages: 16_600_000, lastParts: 100, ownBatch: 32, regulariserInterval: 1 },
        ...PAPERS_TRAINING,
      },
    },
    progan: {
      summary: "ProGAN's training: WGAN-GP, one style an image, 800,000 images a phase; for GPUs.",
      values: {
        ...{ channelBase: 16_384, channelMost: 512, latent: 512, phaseImages: 800_000, lastImages: 4_000_000 },
        ...{ lastParts: 40, objective: 'wasserstein', drift: 0.001, growFrom: 4 },
        ...{ regulariser: 'gradient-penalty', regulariserInterval: 1 },
        ...{ ...PAPERS_TRAINING, mixing: 0 },
      },
    },
  },
  check: (values: Values) => {
    imageCritic.check(values);
    chosenAugmentations(values);
    const { growFrom, imageSize, regulariser, regulariserInterval } = values;
    if (growFrom > imageSize) {
      const message = `--grow-from ${growFrom} is larger than the images, which are --image-size ${imageSize}: give at most that`;
      throw new AristarchError('INVALID_INPUT', message, { growFrom, imageSize });
    }
    if (REGULARISERS[regulariser].penalty === null && regulariserInterval > 1) {
      const message = `--regulariser ${regulariser} has no penalty that could be taken now and then: give --regulariser-interval 1`;
      throw new AristarchError('INVALID_INPUT', message, { regulariser });
    }
  },
  plan: (values, images, share) => imageCritic.plan(values, images, share),
  planGame: (values, image, labels = 0) => {
    const options = gameOptions(values, image, labels);
    const { growFrom, phaseImages, lastImages, lastParts } = values;
    return {
      ...{ title: options.title, labels, batch: options.batch },
      phases: schedulePhases({ size: image.size, growFrom, phaseImages, lastImages, lastParts }),
      taskOf: (phase, count) => planPhase(options, phase, count),
      generatorGraph: (size, weights) => styleGeneratorGraph(options, size, weights),
      scoringGraph: (size, weights) => styleCriticGraph(options, size, weights),
    };
  },
});

function gameOptions(values: Values, { channels: colours }: Planes, labels: number): StyleGanOptions {
  const { latent, mappingLayers, mixing, ownBatch: batch, objective, criticSteps, generatorAverage } = values;
  const { regulariser: kind, regulariserWeight: weight, regulariserInterval: interval, ownLearningRate } = values;
  const optimiser = {
    ...({ kind: 'adam', beta1: values.ownBeta1, beta2: values.ownBeta2, epsilon: 1e-8 } as const),
    learningRate: () => ownLearningRate,
  };
  return {
    ...{ name: 'stylegan', title: 'StyleGAN', remedy: 'Lower --own-learning-rate', colours, labels },
    channels: { base: values.channelBase, most: values.channelMost },
    ...{ latent, mappingLayers, mixing, batch, augmentations: chosenAugmentations(values) },
    rules: {
      ...{ objective, criticSteps, generatorAverage, drift: values.drift, order: 'alternating' },
      regulariser: { kind, weight, interval },
      criticOptimiser: { ...optimiser, learningRate: () => ownLearningRate * values.criticPace },
      generatorOptimiser: optimiser,
    },
  };
}

/** Throws `INVALID_INPUT` for kinds that do not exist. */
function chosenAugmentations({ augment }: Pick<Values, 'augment'>): AugmentationName[] {
  const unknown = augment.find((name) => !(AUGMENTATION_NAMES as readonly string[]).includes(name));
  if (unknown === undefined) return AUGMENTATION_NAMES.filter((name) => augment.includes(name));
  const message = `--augment names "${unknown}", which is no kind: give some of ${AUGMENTATION_NAMES.join(', ')}`;
  throw new AristarchError('INVALID_INPUT', message, { kind: unknown });
}
