import type { ToyName } from './toy-sets.ts';

/** A family with a regulariser and a rule about batches, as the toy sets try it. */
export interface Variant {
  readonly title: string;
  /** What differs from the settings that all variants share. */
  readonly values: Readonly<Record<string, unknown>> & { readonly family: string };
}

/** A variant on a set, with so many seeds from 0 on. */
export interface ToyCase {
  readonly variant: Variant;
  readonly set: ToyName;
  readonly seeds: number;
}

/**
 * Networks, budget and optimiser of the toy runs, the same for every variant, so small that all of them take minutes. The high
 * learning rate is where a GAN that nothing holds loses modes within the budget.
 */
export const SHARED = {
  ...{ members: [], score: 'own', hidden: [128, 128], slope: 0.2, batch: 32, latent: 2, criticSteps: 1, steps: 5000 },
  ...{ optimiser: 'adam', ownLearningRate: 0.01, ownBeta1: 0.5, ownBeta2: 0.999, schedule: 'linear' },
} as const;
/** Penalties weigh what Gulrajani's own code gives them on toy sets (gan_toy.py); the default 10 blurs modes this fine. */
const PENALTY = { regulariserWeight: 0.1 };

const GAN: Variant = { title: 'GAN, non-saturating', values: { family: 'gan', regulariser: 'none' } };
const gan = (title: string, values: Readonly<Record<string, unknown>>): Variant => ({
  title,
  values: { ...GAN.values, ...values },
});
const R1 = gan('GAN, R1', { regulariser: 'r1', ...PENALTY });
/** At the others' rate one update would be as wide as the clips are apart. Of clips at 0.01, 0.03 and 0.1, the best on the grid. */
const WGAN: Variant = {
  title: 'WGAN',
  values: {
    family: 'wgan',
    regulariserWeight: 0.1,
    optimiser: 'rmsprop',
    ownLearningRate: 1e-3,
    ownBeta1: 0,
    ownBeta2: 0.99,
  },
};
const WGAN_GP: Variant = { title: 'WGAN-GP', values: { family: 'wgan-gp', ...PENALTY } };

/** Each family and regulariser by itself. */
export const FAMILY_VARIANTS: readonly Variant[] = [
  gan('GAN, minimax', { objective: 'minimax' }),
  GAN,
  R1,
  gan('GAN, R2', { regulariser: 'r2', ...PENALTY }),
  gan('GAN, zero-centred', { regulariser: 'zero-centred', ...PENALTY }),
  WGAN,
  WGAN_GP,
];

/** What is compared on the grid with and without minibatch layers, and with how many seeds: the GAN that nothing holds. */
export const MINIBATCH_BASE = GAN;
export const MINIBATCH_SEEDS = 6;
export const MINIBATCH_LAYERS = ['discrimination', 'deviation'] as const;
export type MinibatchLayer = (typeof MINIBATCH_LAYERS)[number];
/** Half of the default's kernels, half as wide: the layer's time grows with both, and with the square of the batch. */
export const MINIBATCH_SIZE = { minibatchKernels: 8, minibatchWidth: 2 };

export function withMinibatch({ values }: Variant, layer: MinibatchLayer): Variant {
  return {
    title: `minibatch ${layer}`,
    values: { ...values, minibatch: layer, ...MINIBATCH_SIZE },
  };
}

export function toySettings({ values }: Variant): Readonly<Record<string, unknown>> {
  return { ...SHARED, ...values };
}
