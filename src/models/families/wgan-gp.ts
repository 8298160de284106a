import { AristarchError } from '../../base/errors.ts';
import { nameList, onOff, realNumber, shareList, wholeNumber, wholeNumberList } from '../../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../../base/settings.ts';
import { planAdversarialCritic } from '../critics/adversarial-critic.ts';
import type { CriticPlan } from '../critics/critic-plan.ts';
import { planDetectingCritic, type DetectingCriticOptions, type TrainingRows } from '../critics/detecting-critic.ts';
import { NEGATIVE_KINDS, type NegativeKind, type NegativeShares } from '../negatives.ts';
import { defineFamily } from './family.ts';

const GULRAJANI = 'Gulrajani 2017, algorithm 1';
const RECIPE = 'docs/decisions/0007';

const settings = defineSettings({
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
  members: {
    schema: nameList(),
    default: ['logistic', 'wasserstein'],
    flag: '--members <names>',
    help: 'Detecting critics, trained against off-support negatives: logistic, wasserstein.',
    source: RECIPE,
  },
  lambda: {
    schema: realNumber({ min: 0 }),
    default: 10,
    flag: '--lambda <weight>',
    help: 'Weight of the two-sided gradient penalty of the Wasserstein critics.',
    source: GULRAJANI,
  },
  logisticLambda: {
    schema: realNumber({ min: 0 }),
    default: 1,
    flag: '--logistic-lambda <weight>',
    help: 'Weight of the zero-centred gradient penalty of the logistic member; more is smoother.',
    source: RECIPE,
  },
  learningRate: {
    schema: realNumber({ min: 1e-9, max: 10 }),
    default: 1e-3,
    flag: '--learning-rate <rate>',
    help: "The members' learning rate: constant for the first half of the steps, then linear to 0.",
    source: RECIPE,
  },
  ownLearningRate: {
    schema: realNumber({ min: 1e-9, max: 10 }),
    default: 1e-4,
    flag: '--own-learning-rate <rate>',
    help: "Learning rate of the family's own critic and of the generator, constant.",
    source: GULRAJANI,
  },
  beta1: {
    schema: realNumber({ min: 0, max: 0.9999 }),
    default: 0,
    flag: '--beta1 <decay>',
    help: "Adam's decay of the first moment.",
    source: GULRAJANI,
  },
  beta2: {
    schema: realNumber({ min: 0, max: 0.999999 }),
    default: 0.9,
    flag: '--beta2 <decay>',
    help: "Adam's decay of the second moment.",
    source: GULRAJANI,
  },
  epsilon: {
    schema: realNumber({ min: 0 }),
    default: 1e-8,
    flag: '--epsilon <value>',
    help: "Adam's epsilon.",
    source: 'Kingma and Ba 2015',
  },
  criticSteps: {
    schema: wholeNumber({ min: 1, max: 100 }),
    default: 5,
    flag: '--critic-steps <count>',
    help: 'Updates of the own critic for each update of the generator (n_critic).',
    source: GULRAJANI,
  },
  latent: {
    schema: wholeNumber({ min: 1, max: 65_536 }),
    default: 64,
    flag: '--latent <width>',
    help: "Width of the generator's noise.",
  },
  fourierFeatures: {
    schema: wholeNumber({ min: 0, max: 65_536 }),
    default: 256,
    flag: '--fourier-features <count>',
    help: 'Random Fourier features beside the input of the members; 0 for none. In a table with categories or flags the WGAN-GP member has half as many.',
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
    help: "Noise, swap, extrapolate, interpolate: shares among the WGAN-GP member's negatives.",
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
    help: 'Weights of the logistic and of the WGAN-GP member in the score.',
    source: RECIPE,
  },
});

type Values = SettingValues<typeof settings>;

/** How the members differ; critic-recipe: the pair that is right on fine structure and on drift. */
type MemberRecipe = Pick<DetectingCriticOptions, 'objective' | 'penalty' | 'title'> & {
  readonly lambda: (values: Values) => number;
  readonly fourierFeatures: (values: Values, data: TrainingRows) => number;
  readonly shares: (values: Values) => readonly number[];
  readonly weight: (values: Values) => number;
};
const MEMBERS: Readonly<Record<string, MemberRecipe>> = {
  logistic: {
    title: 'logistic member',
    objective: 'logistic',
    penalty: 'zero-centred',
    lambda: (values) => values.logisticLambda,
    fourierFeatures: (values) => values.fourierFeatures,
    shares: (values) => values.logisticNegatives,
    weight: (values) => values.memberWeights[0]!,
  },
  wasserstein: {
    title: 'WGAN-GP member',
    objective: 'wasserstein',
    penalty: 'two-sided',
    lambda: (values) => values.lambda,
    // Such tables drift more than they have fine structure: critic-recipe.md section 5.
    fourierFeatures: ({ fourierFeatures }, { transform }) =>
      transform.levels.some(({ of }) => of === 'value') ? Math.ceil(fourierFeatures / 2) : fourierFeatures,
    shares: (values) => values.wassersteinNegatives,
    weight: (values) => values.memberWeights[1]!,
  },
};

/**
 * WGAN-GP: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved Training of Wasserstein GANs", NeurIPS 2017.
 *
 * Deviations: the preset `detect` adds an ensemble of detecting critics, which are trained against off-support negatives,
 * since a critic trained against a generator alone is no detector (docs/decisions/0007).
 */
export const wganGp = defineFamily({
  name: 'wgan-gp',
  summary: 'Wasserstein critic with gradient penalty; the main family, for tables of any kind.',
  source: 'Gulrajani et al. 2017, Improved Training of Wasserstein GANs, NeurIPS',
  settings,
  budget: 'steps',
  defaultPreset: 'detect',
  presets: {
    detect: {
      summary: 'For detection: a logistic and a WGAN-GP member against off-support negatives, and the own critic.',
      values: {},
    },
    gulrajani: {
      summary:
        "The paper's algorithm 1, with the networks and batch of its toy experiments: own critic and generator only.",
      values: { members: [], hidden: [512, 512, 512], slope: 0, batch: 256 },
      score: 'own',
    },
  },
  check: checkValues,
  plan: (values, data, random) => {
    const adam = { beta1: values.beta1, beta2: values.beta2, epsilon: values.epsilon };
    const { hidden, slope, batch, steps, lambda } = values;
    const own = planAdversarialCritic(
      {
        name: 'own',
        title: 'WGAN-GP critic and generator',
        remedy: 'Lower --own-learning-rate, or leave both out with --no-generator',
        penalty: 'two-sided',
        adam: { ...adam, learningRate: () => values.ownLearningRate },
        ...{ lambda, hidden, slope, batch, steps, latent: values.latent, criticSteps: values.criticSteps },
      },
      data,
    );
    const members = values.members.map((name): CriticPlan => {
      const recipe = MEMBERS[name]!;
      const options = {
        name,
        title: recipe.title,
        remedy: 'Lower --learning-rate',
        objective: recipe.objective,
        penalty: recipe.penalty,
        lambda: recipe.lambda(values),
        negatives: {
          shares: toShares(recipe.shares(values)),
          unseenShare: values.unseenShare,
          noise: { smallest: values.noiseSmallest, largest: values.noiseLargest },
        },
        fourier: { count: recipe.fourierFeatures(values, data), span: values.fourierSpan },
        ...{ hidden, slope, batch, steps, adam, learningRate: values.learningRate, weight: recipe.weight(values) },
      };
      return planDetectingCritic(options, data, random);
    });
    return values.generator ? [...members, own] : members;
  },
});

function toShares(shares: readonly number[]): NegativeShares {
  return Object.fromEntries(NEGATIVE_KINDS.map((kind, index) => [kind, shares[index]!])) as Record<
    NegativeKind,
    number
  >;
}

function checkValues(values: Values): void {
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message);
  };
  for (const name of values.members) {
    if (!Object.hasOwn(MEMBERS, name)) refuse(`--members names ${name}; known are ${Object.keys(MEMBERS).join(', ')}`);
  }
  if (new Set(values.members).size < values.members.length) refuse('--members names a member twice');
  if (values.members.length === 0 && !values.generator)
    refuse('--no-generator without --members leaves nothing to train');
  if (values.noiseLargest < values.noiseSmallest) refuse('--noise-largest is below --noise-smallest');
}
