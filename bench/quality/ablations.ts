/** What changes in the configuration; `--ablation NAME`. */
export const ABLATIONS = {
  default: { summary: 'the default: both members', changed: {} },
  'generator-only': { summary: "the family's own critic, trained against its generator", changed: { score: 'own' } },
  'off-support-only': { summary: 'members only; the generator is not even trained', changed: { generator: false } },
  both: { summary: 'members and own critic, equal weight', changed: { score: 'both' } },
  'one-logistic': { summary: 'one critic: the logistic member', changed: { members: ['logistic'], generator: false } },
  'one-wasserstein': {
    summary: 'one critic: the WGAN-GP member',
    changed: { members: ['wasserstein'], generator: false },
  },
  'fourier-128': { summary: 'half of the Fourier features', changed: { fourierFeatures: 128 } },
} as const;
export type AblationName = keyof typeof ABLATIONS;
