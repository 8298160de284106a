import { AristarchError } from '../../base/errors.ts';
import type { SettingValues } from '../../base/settings.ts';
import { REGULARISERS } from '../adversarial/regularisers.ts';
import { planAdversarialCritic } from '../critics/adversarial-critic.ts';
import { defineFamily, type AnyFamily, type Preset } from './family.ts';
import { checkOwn } from './check-own.ts';
import { checkMembers, planMembers } from './members.ts';
import { OWN_SETTINGS } from './own-settings.ts';
import { MEMBER_SETTINGS, NETWORK_SETTINGS } from './settings.ts';

const SETTINGS = { ...NETWORK_SETTINGS, ...MEMBER_SETTINGS, ...OWN_SETTINGS };
type AdversarialSettings = typeof SETTINGS;
type Values = SettingValues<AdversarialSettings>;

/** A critic and a generator by some objective and regulariser, with detecting critics beside them: what makes it a family. */
export interface AdversarialFamily {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  /** Of the own critic, for people: "WGAN-GP critic". */
  readonly title: string;
  /** Where its defaults differ from those of the shared tables, and where each comes from. */
  readonly defaults: { readonly [K in keyof Values]?: FamilyDefault<Values[K]> };
  readonly defaultPreset: string;
  readonly presets: Readonly<Record<string, Preset<AdversarialSettings>>>;
}

interface FamilyDefault<V> {
  readonly value: V;
  readonly source: string;
}

/** A family of the shared settings; docs/families.md says which of them is for what. */
export function defineAdversarialFamily({ title, defaults, ...family }: AdversarialFamily): AnyFamily {
  return defineFamily({
    ...family,
    settings: withFamilyDefaults(defaults),
    budget: 'steps',
    check: checkValues,
    plan: (values, data, random) => {
      const members = planMembers(values, data, random);
      if (!values.generator) return members;
      const { regulariser: kind, regulariserWeight: weight, regulariserInterval: interval } = values;
      const { hidden, slope, batch, steps, latent, criticSteps, objective, schedule, generatorAverage } = values;
      const own = planAdversarialCritic(
        {
          ...{ name: 'own', title: `${title} and generator` },
          remedy: `Lower --own-learning-rate, or leave both out with ${withoutOwn(values)}`,
          regulariser: { kind, weight: weight ?? REGULARISERS[kind].usualWeight, interval },
          optimiser: {
            ...{ kind: values.optimiser, beta1: values.ownBeta1, beta2: values.ownBeta2, epsilon: values.epsilon },
          },
          learningRate: values.ownLearningRate,
          criticLayers: {
            ...{ norm: values.criticNorm, dropout: values.criticDropout, batch: values.minibatch },
            ...{ kernels: values.minibatchKernels, kernelWidth: values.minibatchWidth },
          },
          ...{ objective, hidden, slope, batch, steps, latent, criticSteps, schedule, generatorAverage },
        },
        data,
      );
      return [...members, own];
    },
  });
}

/** The flags that train members alone; `--score own` would ask for what is left out. */
const withoutOwn = ({ members }: Values): string =>
  members.length === 0 ? '--members logistic --score members --no-generator' : '--score members --no-generator';

function withFamilyDefaults(defaults: AdversarialFamily['defaults']): AdversarialSettings {
  const changed = Object.entries(defaults).map(([key, { value, source }]) => {
    return [key, { ...SETTINGS[key as keyof Values], default: value, source }];
  });
  return { ...SETTINGS, ...(Object.fromEntries(changed) as Partial<AdversarialSettings>) };
}

function checkValues(values: Values): void {
  checkMembers(values);
  if (values.members.length === 0 && !values.generator) {
    const remedy = 'name members, as in --members logistic --score members, or leave --no-generator out';
    throw new AristarchError('INVALID_INPUT', `--no-generator without --members leaves nothing to train: ${remedy}`);
  }
  checkOwn(values);
}
