import { AristarchError } from '../../base/errors.ts';
import type { Random } from '../../base/philox.ts';
import type { SettingValues } from '../../base/settings.ts';
import type { CriticPlan } from '../critics/critic-plan.ts';
import { planDetectingCritic, type DetectingCriticOptions, type TrainingRows } from '../critics/detecting-critic.ts';
import { NEGATIVE_KINDS, type NegativeKind, type NegativeShares } from '../negatives.ts';
import type { MEMBER_SETTINGS, NETWORK_SETTINGS } from './settings.ts';

type Values = SettingValues<typeof MEMBER_SETTINGS & typeof NETWORK_SETTINGS>;

/** How the members differ; critic-recipe: the pair that is right on fine structure and on drift. */
type MemberRecipe = Pick<DetectingCriticOptions, 'objective' | 'title'> & {
  readonly training: (values: Values) => Pick<DetectingCriticOptions, 'optimiser' | 'learningRate'>;
  readonly hold: (values: Values) => DetectingCriticOptions['hold'];
  readonly fourierFeatures: (values: Values, data: TrainingRows) => number;
  readonly shares: (values: Values) => readonly number[];
  readonly weight: (values: Values) => number;
};

// Such tables drift more than they have fine structure: critic-recipe.md section 5.
const fewerInMixedTables: MemberRecipe['fourierFeatures'] = ({ fourierFeatures }, { transform }) =>
  transform.levels.some(({ of }) => of === 'value') ? Math.ceil(fourierFeatures / 2) : fourierFeatures;

const byAdam: MemberRecipe['training'] = ({ learningRate, beta1, beta2, epsilon }) => {
  return { learningRate, optimiser: { kind: 'adam', beta1, beta2, epsilon } };
};

const MEMBERS: Readonly<Record<string, MemberRecipe>> = {
  logistic: {
    title: 'logistic member',
    objective: 'logistic',
    training: byAdam,
    hold: (values) => ({ penalty: 'zero-centred', lambda: values.logisticLambda }),
    fourierFeatures: (values) => values.fourierFeatures,
    shares: (values) => values.logisticNegatives,
    weight: (values) => values.memberWeights[0]!,
  },
  wasserstein: {
    title: 'WGAN-GP member',
    objective: 'wasserstein',
    training: byAdam,
    hold: (values) => ({ penalty: 'two-sided', lambda: values.lambda }),
    fourierFeatures: fewerInMixedTables,
    shares: (values) => values.wassersteinNegatives,
    weight: (values) => values.memberWeights[1]!,
  },
  clipped: {
    title: 'WGAN member',
    objective: 'wasserstein',
    // RMSprop, and a twentieth of the others' rate: 5e-5 by default, as Arjovsky 2017, algorithm 1, has it.
    training: ({ learningRate, epsilon }) => ({
      learningRate: learningRate / 20,
      optimiser: { kind: 'rmsprop', beta1: 0, beta2: 0.99, epsilon },
    }),
    hold: (values) => ({ clip: values.memberClip }),
    fourierFeatures: fewerInMixedTables,
    shares: (values) => values.wassersteinNegatives,
    weight: (values) => values.memberWeights[1]!,
  },
};

/** The detecting critics that the settings name, in that order. */
export function planMembers(values: Values, data: TrainingRows, random: Random): CriticPlan[] {
  const { hidden, slope, batch, steps } = values;
  return values.members.map((name) => {
    const recipe = MEMBERS[name]!;
    const options: DetectingCriticOptions = {
      ...{ name, title: recipe.title, remedy: 'Lower --learning-rate', objective: recipe.objective },
      hold: recipe.hold(values),
      negatives: {
        shares: toShares(recipe.shares(values)),
        unseenShare: values.unseenShare,
        noise: { smallest: values.noiseSmallest, largest: values.noiseLargest },
      },
      fourier: { count: recipe.fourierFeatures(values, data), span: values.fourierSpan },
      ...recipe.training(values),
      ...{ hidden, slope, batch, steps, weight: recipe.weight(values) },
    };
    return planDetectingCritic(options, data, random);
  });
}

function toShares(shares: readonly number[]): NegativeShares {
  return Object.fromEntries(NEGATIVE_KINDS.map((kind, index) => [kind, shares[index]!])) as Record<
    NegativeKind,
    number
  >;
}

/** Refuses members that there are not, and noise that has no range; `INVALID_INPUT`. */
export function checkMembers(values: Values): void {
  const refuse = (message: string): never => {
    throw new AristarchError('INVALID_INPUT', message);
  };
  for (const name of values.members) {
    if (!Object.hasOwn(MEMBERS, name)) refuse(`--members names ${name}; known are ${Object.keys(MEMBERS).join(', ')}`);
  }
  if (new Set(values.members).size < values.members.length) refuse('--members names a member twice');
  if (values.noiseLargest < values.noiseSmallest) refuse('--noise-largest is below --noise-smallest');
}
