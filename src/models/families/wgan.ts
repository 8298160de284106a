import { defineAdversarialFamily } from './adversarial-family.ts';

const ARJOVSKY = 'Arjovsky 2017, algorithm 1';

/**
 * WGAN: Arjovsky, Chintala and Bottou, "Wasserstein Generative Adversarial Networks", ICML 2017: a critic whose weights are
 * clipped.
 *
 * Deviations: RMSprop's decay is PyTorch's, which the authors' code uses; that code also gives the critic 100 updates before
 * each of the first 25 of the generator, which is left out as in the paper's algorithm. The preset `detect` adds the detecting
 * critics of wgan-gp (docs/decisions/0007); `--members clipped` is the one of this family's own kind.
 */
export const wgan = defineAdversarialFamily({
  name: 'wgan',
  summary:
    'Wasserstein critic whose weights are clipped; to reproduce the paper. Its preset detect scores as that of wgan-gp does.',
  source: 'Arjovsky et al. 2017, Wasserstein Generative Adversarial Networks, ICML',
  title: 'WGAN critic',
  defaults: {
    regulariser: { value: 'clip', source: ARJOVSKY },
    objective: { value: 'wasserstein', source: ARJOVSKY },
    criticSteps: { value: 5, source: ARJOVSKY },
    optimiser: { value: 'rmsprop', source: ARJOVSKY },
    ownLearningRate: { value: 5e-5, source: ARJOVSKY },
    schedule: { value: 'constant', source: ARJOVSKY },
    ownBeta1: { value: 0, source: ARJOVSKY },
    ownBeta2: { value: 0.99, source: "the authors' code: PyTorch's RMSprop" },
  },
  defaultPreset: 'detect',
  presets: {
    detect: {
      summary: "For detection: wgan-gp's members against off-support negatives, and the own critic.",
      values: {},
    },
    // Section 4 and the authors' code (github.com/martinarjovsky/WassersteinGAN, models/mlp.py): dense networks of four layers,
    // 512 rectifiers in each of three hidden ones; 100 noise units; batches of 64.
    arjovsky: {
      summary: "The paper's algorithm 1 with its dense networks: own critic and generator only.",
      values: { members: [], hidden: [512, 512, 512], slope: 0, batch: 64, latent: 100 },
      score: 'own',
    },
  },
});
