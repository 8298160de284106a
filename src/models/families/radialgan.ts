import type { SettingValues } from '../../base/settings.ts';
import { planRadial } from '../radial/plan.ts';
import { defineFamily } from './family.ts';
import { TRANSLATION_SETTINGS } from './radialgan-settings.ts';
import { OWN_SETTINGS } from './own-settings.ts';
import { MEMBER_SETTINGS, NETWORK_SETTINGS } from './settings.ts';
import { wganGp } from './wgan-gp.ts';

const settings = { ...NETWORK_SETTINGS, ...MEMBER_SETTINGS, ...OWN_SETTINGS, ...TRANSLATION_SETTINGS };
type Values = SettingValues<typeof TRANSLATION_SETTINGS>;

/** Of the critics' gradient penalty; Gulrajani 2017. */
const PENALTY_WEIGHT = 10;

/**
 * RadialGAN: Yoon, Jordon and van der Schaar, "RadialGAN: Leveraging multiple datasets to improve target-specific predictive models
 * using Generative Adversarial Networks", ICML 2018. For each source an encoder to a shared latent space, a decoder and a
 * critic; adversarial loss and two cycles. The target's detecting critics are those of WGAN-GP, on its own rows or, with
 * --augment-training, on rows that other sources' were translated to as well.
 *
 * Deviations of the default, each measured on four hospitals with 50 rows of the target (AUROC of logistic regression / of gradient
 * boosting over the target's own rows, mean of three targets, 10 splits; docs/decisions/0014):
 *
 *   the paper's form (preset `paper`)                                              -0.024 / -0.005
 *   WGAN-GP, plain coders (preset `wgan-gp`; 3 splits of two targets)              -0.019 / +0.002
 *   residual coders (columns pass through, last layers scaled by 0.1; as before)   -0.017 / +0.006
 *   and every source in its own z-scores, penalty 10 on moving shared columns,
 *   classes drawn equally often, levels drawn, coders averaged                     +0.041 / +0.044
 *   and columns that a source lacks at the target's mean                           +0.059 / +0.041
 *
 * The preset `residual` is the last, but for levels and point masses: levels are not drawn since other splits showed that it costs up to 0.006,
 * and a point mass at the end of a column's range stays one, which is worth up to 0.014 to gradient boosting (docs/radialgan-bench.md has its figures). In all but the last, columns that a source lacks are generated: so they are in the presets `paper` and `wgan-gp`.
 *
 * Pooling the rows as they are has +0.061 / +0.056 there: the less the networks may change, the better, and translation did not
 * beat pooling on these data. Where sources have units and spreads of their own (services of a network) it did, by 0.10.
 */
export const radialgan = defineFamily({
  name: 'radialgan',
  summary:
    'For several sources with different columns, one of them short of rows (--source, --target): translates rows of the others into the target; its critics score as those of wgan-gp do.',
  source: 'Yoon, Jordon and van der Schaar 2018, RadialGAN, ICML',
  settings,
  budget: 'steps',
  defaultPreset: 'residual',
  presets: {
    residual: {
      summary: "Residual coders in each source's own z-scores, with a penalty on moving columns that both have.",
      values: {},
    },
    paper: {
      summary: "The paper's form: tanh, binary cross-entropy with alpha 0.1, no knowledge of which columns correspond.",
      values: {
        ...{ translationObjective: 'logistic', coders: 'plain', activation: 'tanh', rootCycles: true },
        ...{ translationSteps: 400, adversarialWeight: 0.1, identityWeight: 0 },
        ...{ balanceClasses: false, coderAverage: 0, lacking: 'generate', keepPointMasses: false },
      },
    },
    'wgan-gp': {
      summary: 'Plain coders with the Wasserstein loss and a gradient penalty, two critic updates a step.',
      values: {
        ...{ coders: 'plain', translationSteps: 400, translationCriticSteps: 2, identityWeight: 0 },
        ...{ balanceClasses: false, coderAverage: 0, lacking: 'generate', keepPointMasses: false },
      },
    },
  },
  check: (values) => wganGp.check(values),
  plan: (values, data, random) => wganGp.plan(values, data, random),
  planTranslation: (values, rows) => planRadial(radialOptions(values), rows),
});

function radialOptions(values: Values): Parameters<typeof planRadial>[0] {
  const { translationObjective: objective, translationRate } = values;
  return {
    name: 'translation',
    title: 'RadialGAN of the sources',
    remedy: 'Lower --translation-rate',
    steps: values.translationSteps,
    batch: values.translationBatch,
    hidden: values.translationHidden,
    latent: values.sharedLatent,
    activation: values.activation,
    residual: values.coders === 'residual',
    objective,
    lambda: objective === 'wasserstein' ? PENALTY_WEIGHT : 0,
    criticSteps: values.translationCriticSteps,
    adversarialWeight: values.adversarialWeight,
    cycleWeight: values.cycleWeight,
    latentCycleWeight: values.latentCycleWeight,
    identityWeight: values.identityWeight,
    rootCycles: values.rootCycles,
    balanced: values.balanceClasses,
    drawn: values.drawLevels,
    keepsMasses: values.keepPointMasses,
    average: values.coderAverage,
    optimiser: { kind: 'adam', beta1: 0.5, beta2: 0.9, epsilon: 1e-8, learningRate: () => translationRate },
  };
}
