import { defineAdversarialFamily } from './adversarial-family.ts';

const MESCHEDER = 'Mescheder 2018, section 5 and its code';

/**
 * GAN: Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, "Generative Adversarial Nets", NeurIPS
 * 2014, held by R1: Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018.
 *
 * Deviations: the defaults have R1, since a GAN that nothing holds need not converge; dense networks in place of the papers'
 * convolutions and maxout units. The preset `detect` adds the logistic detecting critic (docs/decisions/0007).
 */
export const gan = defineAdversarialFamily({
  name: 'gan',
  summary:
    'Logistic critic (a discriminator by its logit) and non-saturating generator, held by R1; to reproduce its papers, and to ' +
    'detect by the logistic member alone.',
  source: 'Goodfellow et al. 2014, Generative Adversarial Nets, NeurIPS; Mescheder et al. 2018, ICML',
  title: 'GAN critic',
  defaults: {
    members: { value: ['logistic'], source: 'the member with the objective of this family' },
    objective: { value: 'non-saturating', source: 'Goodfellow 2014, section 3' },
    regulariser: { value: 'r1', source: MESCHEDER },
    criticSteps: { value: 1, source: 'Goodfellow 2014, algorithm 1: k = 1' },
    optimiser: { value: 'rmsprop', source: MESCHEDER },
    ownLearningRate: { value: 1e-4, source: MESCHEDER },
    schedule: { value: 'constant', source: MESCHEDER },
    ownBeta1: { value: 0, source: MESCHEDER },
    ownBeta2: { value: 0.99, source: MESCHEDER },
  },
  defaultPreset: 'detect',
  presets: {
    detect: {
      summary: 'For detection: the logistic member against off-support negatives, and the own critic held by R1.',
      values: {},
    },
    // Of the authors' code (github.com/goodfeli/adversarial, mnist.yaml), which the paper points to for its settings: 100 noise
    // units, two hidden layers of 1200 in the generator, batches of 100, SGD at 0.1 with momentum from 0.5, and half of the
    // critic's hidden units dropped. Ours: no input is dropped; 1200 rectifiers
    // a layer for the critic, too, in place of 240 maxout units of 5 pieces; noise is normal; momentum stays; the decay of the rate
    // by 1.000004 an update is left out, being 0.4 % in 1000.
    goodfellow: {
      summary:
        'Goodfellow 2014 by its code for MNIST: nothing holds the critic, SGD with momentum; own critic and generator only.',
      values: {
        ...{ members: [], hidden: [1200, 1200], slope: 0, batch: 100, latent: 100 },
        ...{ regulariser: 'none', optimiser: 'sgd', ownLearningRate: 0.1, ownBeta1: 0.5, criticDropout: 0.5 },
      },
      score: 'own',
    },
    // Of the authors' code (github.com/LMescheder/GAN_stability, configs/default.yaml): gamma 10, RMSprop at 1e-4 with PyTorch's
    // alpha, batches of 64, 256 noise units, an average of the generator's weights. Ours: the dense networks.
    mescheder: {
      summary:
        'Mescheder 2018: R1 with gamma 10, and the generator by an average of its weights; own critic and generator only.',
      values: { members: [], latent: 256, generatorAverage: 0.999 },
      score: 'own',
    },
  },
});
