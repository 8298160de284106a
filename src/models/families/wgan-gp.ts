import { defineAdversarialFamily } from './adversarial-family.ts';

/**
 * WGAN-GP: Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved Training of Wasserstein GANs", NeurIPS 2017.
 *
 * Deviations: the preset `detect` adds an ensemble of detecting critics, which are trained against off-support negatives,
 * since a critic trained against a generator alone is no detector (docs/decisions/0007).
 */
export const wganGp = defineAdversarialFamily({
  name: 'wgan-gp',
  summary: 'Wasserstein critic with gradient penalty; the main family, for tables of any kind.',
  source: 'Gulrajani et al. 2017, Improved Training of Wasserstein GANs, NeurIPS',
  title: 'WGAN-GP critic',
  defaults: {},
  defaultPreset: 'detect',
  presets: {
    detect: {
      summary: 'For detection: a logistic and a WGAN-GP member against off-support negatives, and the own critic.',
      values: {},
    },
    gulrajani: {
      summary:
        "The paper's algorithm 1, with the networks and batch of its toy experiments: own critic and generator only.",
      values: { members: [], hidden: [512, 512, 512], slope: 0, batch: 256, ownLearningRate: 1e-4 },
      score: 'own',
    },
  },
});
