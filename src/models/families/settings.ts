import { nameList, onOff, realNumber, shareList, wholeNumber, wholeNumberList } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

const RECIPE = 'docs/decisions/0007';

/** What every network of a family shares. */
export const NETWORK_SETTINGS = defineSettings({
  steps: {
    schema: wholeNumber({ min: 1, max: 10_000_000 }),
    default: 1000,
    flag: '--steps <count>',
    help: 'Updates of each critic, the budget of each network.',
    source: RECIPE,
  },
  batch: {
    schema: wholeNumber({ min: 4, max: 65_536 }),
    default: 64,
    flag: '--batch <rows>',
    unit: 'rows',
    help: 'Rows in one update.',
    source: RECIPE,
  },
  hidden: {
    schema: wholeNumberList({ min: 1, max: 16_384 }),
    default: [256, 256],
    flag: '--hidden <units>',
    help: 'Units of each hidden layer, separated by commas.',
    source: RECIPE,
  },
  slope: {
    schema: realNumber({ min: 0, max: 1 }),
    default: 0.2,
    flag: '--slope <slope>',
    help: 'Slope of the leaky ReLU for negative input; 0 is the ReLU.',
    source: RECIPE,
  },
  generator: {
    schema: onOff(),
    default: true,
    flag: '--no-generator',
    help: "Leave out the generator and the family's own critic; the detecting critics are trained all the same.",
  },
  epsilon: {
    schema: realNumber({ min: 0 }),
    default: 1e-8,
    flag: '--epsilon <value>',
    help: 'Epsilon of Adam and RMSprop.',
    source: 'Kingma and Ba 2015',
  },
  latent: {
    schema: wholeNumber({ min: 1, max: 65_536 }),
    default: 64,
    flag: '--latent <width>',
    help: "Width of the generator's noise.",
  },
});

/** Of the detecting critics, whatever the family. */
export const MEMBER_SETTINGS = defineSettings({
  members: {
    schema: nameList(),
    default: ['logistic', 'wasserstein'],
    flag: '--members <names>',
    help: 'Detecting critics, trained against off-support negatives: logistic, wasserstein (with a gradient penalty), clipped (Wasserstein, its weights clipped).',
    source: RECIPE,
  },
  lambda: {
    schema: realNumber({ min: 0 }),
    default: 10,
    flag: '--lambda <weight>',
    help: "Weight of the two-sided gradient penalty of the WGAN-GP member; the own critic's is --regulariser-weight.",
    source: RECIPE,
  },
  logisticLambda: {
    schema: realNumber({ min: 0 }),
    default: 1,
    flag: '--logistic-lambda <weight>',
    help: 'Weight of the zero-centred gradient penalty of the logistic member; more is smoother.',
    source: RECIPE,
  },
  memberClip: {
    schema: realNumber({ min: 1e-6 }),
    default: 0.01,
    flag: '--member-clip <bound>',
    help: 'Bound of every weight of the clipped member.',
    source: 'Arjovsky 2017, algorithm 1',
  },
  learningRate: {
    schema: realNumber({ min: 1e-9, max: 10 }),
    default: 1e-3,
    flag: '--learning-rate <rate>',
    help: "The members' learning rate: constant for the first half of the steps, then linear to 0.",
    source: RECIPE,
  },
  beta1: {
    schema: realNumber({ min: 0, max: 0.9999 }),
    default: 0,
    flag: '--beta1 <decay>',
    help: "Adam's decay of the first moment, for the members.",
    source: RECIPE,
  },
  beta2: {
    schema: realNumber({ min: 0, max: 0.999999 }),
    default: 0.9,
    flag: '--beta2 <decay>',
    help: "Adam's decay of the second moment, for the members.",
    source: RECIPE,
  },
  fourierFeatures: {
    schema: wholeNumber({ min: 0, max: 65_536 }),
    default: 256,
    flag: '--fourier-features <count>',
    help: 'Random Fourier features beside the input of the members; 0 for none. In a table with categories or flags the Wasserstein members have half as many.',
    source: 'docs/decisions/0007, docs/quality.md',
  },
  fourierSpan: {
    schema: realNumber({ min: 1 }),
    default: 8,
    flag: '--fourier-span <ratio>',
    help: 'Highest over lowest frequency of the Fourier features.',
    source: RECIPE,
  },
  noiseSmallest: {
    schema: realNumber({ min: 1e-6 }),
    default: 0.3,
    flag: '--noise-smallest <deviation>',
    unit: 'standard deviations',
    help: 'Smallest noise among the negatives; drawn log-uniformly up to the largest.',
    source: RECIPE,
  },
  noiseLargest: {
    schema: realNumber({ min: 1e-6 }),
    default: 3,
    flag: '--noise-largest <deviation>',
    unit: 'standard deviations',
    help: 'Largest noise among the negatives.',
    source: RECIPE,
  },
  logisticNegatives: {
    schema: shareList(4),
    default: [1, 1, 0.5, 0.5],
    flag: '--logistic-negatives <shares>',
    help: "Noise, swap, extrapolate, interpolate: shares among the logistic member's negatives.",
    source: RECIPE,
  },
  wassersteinNegatives: {
    schema: shareList(4),
    default: [1, 1, 1, 1],
    flag: '--wasserstein-negatives <shares>',
    help: "Noise, swap, extrapolate, interpolate: shares among the Wasserstein members' negatives.",
    source: RECIPE,
  },
  unseenShare: {
    schema: realNumber({ min: 0, max: 0.99 }),
    default: 0.5,
    flag: '--unseen-share <share>',
    help: 'Share of the levels drawn for negatives that are the unseen level.',
    source: 'docs/decisions/0011',
  },
  memberWeights: {
    schema: shareList(2),
    default: [1, 1],
    flag: '--member-weights <weights>',
    help: 'Weights of the logistic and of the Wasserstein members in the score.',
    source: RECIPE,
  },
});
