import {
  abs,
  add,
  broadcastTo,
  concat,
  exp,
  matMul,
  mean,
  multiply,
  negate,
  reshape,
  rows,
  sqrt,
  square,
  subtract,
  sum,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Parameter, ParameterValues } from './parameters.ts';
import type { TrainingPass } from './training-pass.ts';

export interface BatchLayerOptions {
  /** Prefix of its parameters' names. */
  readonly name: string;
  /** Features that come in. */
  readonly features: number;
  /** Kernels of minibatch discrimination, and numbers that each compares rows by: B and C. */
  readonly kernels: number;
  readonly kernelWidth: number;
}

/**
 * A layer that shows a critic how alike the rows of a batch are, so that a generator whose rows are all alike is found out.
 *
 * In scoring there is no batch: what the layer would say of it is replaced by the running mean of what it said of batches of
 * real rows in training. So a row's score cannot depend on its batch mates, and every row is judged as one of an ordinary batch.
 */
export interface BatchLayer {
  readonly parameters: readonly Parameter[];
  /** Features that it adds. */
  readonly width: number;
  /** h [n, features] -> [n, features + width]. */
  apply(h: Tensor, values: ParameterValues, pass?: TrainingPass): Tensor;
}

export const BATCH_LAYERS = {
  none: () => ({ parameters: [], width: 0, apply: (h) => h }),
  discrimination: minibatchDiscrimination,
  deviation: minibatchDeviation,
} as const satisfies Record<string, (options: BatchLayerOptions) => BatchLayer>;
export type BatchLayerName = keyof typeof BATCH_LAYERS;

/**
 * Minibatch discrimination (Salimans et al. 2016, section 3.2): with M_i = h_i T, a matrix of B rows and C columns,
 *
 *   c_b(i, j) = exp(-|M_ib - M_jb|_1),   o_b(i) = mean over the other rows j of c_b(i, j)
 *
 * are B features beside h. The paper adds c up over all rows; the mean over the others says the same whatever the batch.
 */
function minibatchDiscrimination({ name, features, kernels, kernelWidth }: BatchLayerOptions): BatchLayer {
  const kernel: Parameter = {
    name: `${name}.kernel`,
    shape: [features, kernels * kernelWidth],
    deviation: 1 / Math.sqrt(features),
  };
  const closeness = (h: Tensor, values: ParameterValues, batches: number): Tensor => {
    const batch = Number(h.shape[0]) / batches;
    const m = matMul(h, values(kernel)); // [n, B C]
    const one = reshape(m, [batches, batch, 1, kernels, kernelWidth]);
    const other = reshape(m, [batches, 1, batch, kernels, kernelWidth]);
    const alike = exp(negate(sum(abs(subtract(one, other)), [4]))); // [batches, batch, batch, B]
    const others = subtract(sum(alike, [2]), 1); // a row is as like itself as can be
    return reshape(multiply(others, 1 / (batch - 1)), [batches * batch, kernels]);
  };
  return withRunningMean(name, kernels, [kernel], closeness);
}

const VARIANCE_FLOOR = 1e-8;

/**
 * Minibatch standard deviation (Karras et al. 2018, section 3): one feature beside h, the same for all rows of a batch: the mean
 * over the features of their standard deviations over the batch.
 */
function minibatchDeviation({ name }: BatchLayerOptions): BatchLayer {
  return withRunningMean(name, 1, [], (h, _, batches) => {
    const [n, features] = h.shape.map(Number) as [number, number];
    const grouped = reshape(h, [batches, n / batches, features]);
    const centred = subtract(grouped, mean(grouped, [1], true));
    const deviations = sqrt(add(mean(square(centred), [1], true), VARIANCE_FLOOR)); // [batches, 1, features]
    const spread = mean(deviations, [2], true); // [batches, 1, 1]
    return reshape(broadcastTo(spread, [batches, n / batches, 1]), [n, 1]);
  });
}

/** A layer whose features are a statistic of the batch in training, and the running mean of it over real batches in scoring. */
function withRunningMean(
  name: string,
  width: number,
  parameters: readonly Parameter[],
  statistic: (h: Tensor, values: ParameterValues, batches: number) => Tensor,
): BatchLayer {
  const usual: Parameter = { name: `${name}.usual`, shape: [1, width], deviation: 0 };
  return {
    ...{ parameters, width },
    apply: (h, values, pass) => {
      if (!pass) return concat([h, broadcastTo(values(usual), [h.shape[0]!, width])], 1);
      const seen = statistic(h, values, pass.batches); // [n, width]
      if (pass.keep) {
        const real = rows(seen, 0, Number(h.shape[0]) / pass.batches);
        const d = pass.decay();
        pass.keep(usual, add(multiply(values(usual), d), multiply(mean(real, [0], true), subtract(1, d))));
      }
      return concat([h, seen], 1);
    },
  };
}
