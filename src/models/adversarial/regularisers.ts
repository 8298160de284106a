import { clip } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { twoSidedPenalty, zeroCentredPenalty } from '../losses.ts';

/** Where a critic's slope is looked at, each as |d f / d x|^2 [batch] at these rows. */
export interface Slopes {
  readonly atReal: () => Tensor;
  readonly atFake: () => Tensor;
  /** At one random point of the segment between each real row and a generated one. */
  readonly between: () => Tensor;
}

/** What holds a critic: a term of its loss, or a rule for its weights. */
export interface Regulariser {
  readonly source: string;
  /** Its weight where nobody gives one: lambda, gamma, or the bound of the weights. */
  readonly usualWeight: number;
  /** What is added to the critic's loss, `factor` times the weight. */
  readonly penalty: ((slopes: Slopes) => Tensor) | null;
  readonly factor: number;
  /** What becomes of a weight of the critic after each update. */
  readonly constrain: ((value: Tensor, weight: number) => Tensor) | null;
}

export const REGULARISERS = {
  none: { source: 'Goodfellow et al. 2014', usualWeight: 0, penalty: null, factor: 0, constrain: null },
  'gradient-penalty': {
    source: 'Gulrajani et al. 2017, equation 3: (|grad| - 1)^2 on random interpolates',
    usualWeight: 10,
    penalty: ({ between }) => twoSidedPenalty(between()),
    factor: 1,
    constrain: null,
  },
  'zero-centred': {
    source: 'Thanh-Tung, Tran and Venkatesh 2019: |grad|^2 on random interpolates; the weight is ours',
    usualWeight: 10,
    penalty: ({ between }) => zeroCentredPenalty(between()),
    factor: 1,
    constrain: null,
  },
  r1: {
    source: 'Mescheder et al. 2018, equation 9: gamma / 2 |grad|^2 on real rows',
    usualWeight: 10,
    penalty: ({ atReal }) => zeroCentredPenalty(atReal()),
    factor: 0.5,
    constrain: null,
  },
  r2: {
    source: 'Mescheder et al. 2018, equation 10: gamma / 2 |grad|^2 on generated rows',
    usualWeight: 10,
    penalty: ({ atFake }) => zeroCentredPenalty(atFake()),
    factor: 0.5,
    constrain: null,
  },
  clip: {
    source: 'Arjovsky et al. 2017, algorithm 1, line 7: every weight to [-c, c]',
    usualWeight: 0.01,
    penalty: null,
    factor: 0,
    constrain: (value, c) => clip(value, -c, c),
  },
} as const satisfies Record<string, Regulariser>;
export type RegulariserName = keyof typeof REGULARISERS;
