import { oneOf, realNumber, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { ADVERSARIAL_OBJECTIVES, type ObjectiveName } from '../adversarial/objectives.ts';
import { REGULARISERS, type RegulariserName } from '../adversarial/regularisers.ts';
import { BATCH_LAYERS, type BatchLayerName } from '../layers/batch-layers.ts';
import { NORMS, type NormName } from '../layers/norms.ts';
import { OPTIMISERS, type OptimiserKind } from '../optimisers/optimiser.ts';
import { SCHEDULES, type ScheduleName } from '../optimisers/schedules.ts';

const GULRAJANI = 'Gulrajani 2017, algorithm 1';

/** Of a family's own critic and its generator; the defaults are those of wgan-gp, and the other families say where theirs differ. */
export const OWN_SETTINGS = defineSettings({
  objective: {
    schema: oneOf(Object.keys(ADVERSARIAL_OBJECTIVES) as [ObjectiveName, ...ObjectiveName[]]),
    default: 'wasserstein',
    flag: '--objective <name>',
    help: 'What the own critic and the generator play for: minimax, non-saturating (both with the logistic critic), wasserstein.',
    source: GULRAJANI,
  },
  regulariser: {
    schema: oneOf(Object.keys(REGULARISERS) as [RegulariserName, ...RegulariserName[]]),
    default: 'gradient-penalty',
    flag: '--regulariser <name>',
    help: 'What holds the own critic: none; gradient-penalty (two-sided) and zero-centred, both on random interpolates; r1 on real rows; r2 on generated rows; clip, every weight.',
    source: GULRAJANI,
  },
  regulariserWeight: {
    schema: realNumber({ min: 0 }).optional(),
    flag: '--regulariser-weight <weight>',
    help: "Of the own critic's regulariser: lambda of the penalties on interpolates, gamma of r1 and r2, the bound of clip. When absent 10, or 0.01 for clip.",
    source: 'Gulrajani 2017, Mescheder 2018, Arjovsky 2017',
  },
  regulariserInterval: {
    schema: wholeNumber({ min: 1, max: 64 }),
    default: 1,
    flag: '--regulariser-interval <updates>',
    unit: 'updates',
    help: 'The penalty is a part of every so manyeth update of the own critic only, at so many times its weight: lazy regularisation.',
    source: 'Karras et al. 2020, appendix B',
  },
  criticSteps: {
    schema: wholeNumber({ min: 1, max: 100 }),
    default: 5,
    flag: '--critic-steps <count>',
    help: 'Updates of the own critic for each update of the generator (n_critic).',
    source: GULRAJANI,
  },
  optimiser: {
    schema: oneOf(Object.keys(OPTIMISERS) as [OptimiserKind, ...OptimiserKind[]]),
    default: 'adam',
    flag: '--optimiser <name>',
    help: 'Optimiser of the own critic and of the generator: adam, rmsprop, sgd.',
    source: GULRAJANI,
  },
  ownLearningRate: {
    schema: realNumber({ min: 1e-9, max: 10 }),
    default: 5e-4,
    flag: '--own-learning-rate <rate>',
    help: "Learning rate of the family's own critic and of the generator.",
    source: 'docs/decisions/0017; Gulrajani 2017 has 0.0001, for many more updates',
  },
  schedule: {
    schema: oneOf(Object.keys(SCHEDULES) as [ScheduleName, ...ScheduleName[]]),
    default: 'constant',
    flag: '--schedule <name>',
    help: 'How that learning rate goes down: constant, half-then-linear, linear (both to 0), cosine (to 0), exponential (to a hundredth).',
    source: GULRAJANI,
  },
  ownBeta1: {
    schema: realNumber({ min: 0, max: 0.9999 }),
    default: 0,
    flag: '--own-beta1 <decay>',
    help: "Adam's decay of the first moment, or the momentum of rmsprop and sgd, for the own critic and the generator.",
    source: GULRAJANI,
  },
  ownBeta2: {
    schema: realNumber({ min: 0, max: 0.999999 }),
    default: 0.9,
    flag: '--own-beta2 <decay>',
    help: "Adam's or rmsprop's decay of the second moment, for the own critic and the generator.",
    source: GULRAJANI,
  },
  generatorAverage: {
    schema: realNumber({ min: 0, max: 0.999999 }),
    default: 0,
    flag: '--generator-average <decay>',
    help: 'Export the generator by a moving average of its weights with this decay, such as 0.999; 0 for the last weights.',
    source: 'Karras et al. 2018, section 6.1',
  },
  criticNorm: {
    schema: oneOf(Object.keys(NORMS) as [NormName, ...NormName[]]),
    default: 'none',
    flag: '--critic-norm <name>',
    help: 'Normalisation in the own critic: none, layer (Ba et al. 2016), spectral (Miyato et al. 2018: every weight over its largest singular value).',
    source: GULRAJANI,
  },
  criticDropout: {
    schema: realNumber({ min: 0, max: 0.95 }),
    default: 0,
    flag: '--critic-dropout <share>',
    help: "Share of the own critic's hidden units that are dropped in training.",
    source: GULRAJANI,
  },
  minibatch: {
    schema: oneOf(Object.keys(BATCH_LAYERS) as [BatchLayerName, ...BatchLayerName[]]),
    default: 'none',
    flag: '--minibatch <name>',
    help: 'What the own critic sees of a whole batch, so that rows that are all alike give a generator away: none, discrimination (Salimans et al. 2016), deviation (Karras et al. 2018). In scoring the running mean over real batches stands for it; a run that goes on from a model takes that mean anew.',
    source: GULRAJANI,
  },
  minibatchKernels: {
    schema: wholeNumber({ min: 1, max: 1024 }),
    default: 16,
    flag: '--minibatch-kernels <count>',
    help: 'Kernels of minibatch discrimination (B); memory grows with them and with the square of the batch.',
  },
  minibatchWidth: {
    schema: wholeNumber({ min: 1, max: 256 }),
    default: 4,
    flag: '--minibatch-width <numbers>',
    help: 'Numbers that each kernel compares rows by (C).',
  },
});
