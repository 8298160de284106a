import { add, detach, divide, matMul, mean, multiply, sqrt, square, subtract, sum } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Parameter, ParameterValues } from './parameters.ts';
import type { TrainingPass } from './training-pass.ts';

/** A dense layer that is to be normalised. */
export interface Dense {
  /** Prefix of its parameters' names. */
  readonly name: string;
  readonly units: number;
  readonly isLast: boolean;
}

/** What is done to a dense layer so that it keeps its scale. */
export interface Norm {
  readonly parameters: readonly Parameter[];
  /** The weight [in, units] that the layer computes with. */
  weight(w: Tensor, values: ParameterValues, pass?: TrainingPass): Tensor;
  /** The layer's outputs [n, units], before the activation. */
  outputs(y: Tensor, values: ParameterValues): Tensor;
}

const NOTHING: Norm = { parameters: [], weight: (w) => w, outputs: (y) => y };

export const NORMS = {
  none: () => NOTHING,
  layer: (dense) => (dense.isLast ? NOTHING : layerNorm(dense)),
  spectral: spectralNorm,
} as const satisfies Record<string, (dense: Dense) => Norm>;
export type NormName = keyof typeof NORMS;

/** Keeps a root differentiable, as PyTorch has it for layer normalisation. */
const VARIANCE_FLOOR = 1e-5;

/**
 * Layer normalisation: each row's outputs to mean 0 and variance 1 over the units, then a gain and an offset for each unit (Ba,
 * Kiros and Hinton 2016, equations 3 and 4). It does not mix rows, so that a gradient penalty may be taken through it (Gulrajani
 * 2017, section 4). The gain is kept as its difference from 1.
 */
function layerNorm({ name, units }: Dense): Norm {
  const gain: Parameter = { name: `${name}.gain`, shape: [units], deviation: 0 };
  const offset: Parameter = { name: `${name}.offset`, shape: [units], deviation: 0 };
  return {
    ...NOTHING,
    parameters: [gain, offset],
    outputs: (y, values) => {
      const centred = subtract(y, mean(y, [1], true));
      const deviation = sqrt(add(mean(square(centred), [1], true), VARIANCE_FLOOR));
      return add(multiply(divide(centred, deviation), add(values(gain), 1)), values(offset));
    },
  };
}

const LENGTH_FLOOR = 1e-12;

/**
 * Spectral normalisation: the weight over its largest singular value (Miyato et al. 2018, equation 8), which a vector u, kept from
 * step to step, finds by one power iteration a critic's update (algorithm 1). The derivative takes u and v for constants, and
 * goes through sigma = v W u.
 */
function spectralNorm({ name, units }: Dense): Norm {
  const kept: Parameter = { name: `${name}.singular`, shape: [1, units], deviation: 1 };
  return {
    ...NOTHING,
    weight: (w, values, pass) => {
      let u = values(kept);
      if (pass?.keep) {
        u = detach(toUnit(matMul(leftOf(w, u), w)));
        pass.keep(kept, u);
      }
      return divide(w, largestSingularValue(w, u));
    },
  };
}

/** v W u of a weight [in, out], from an estimate of its right singular vector u [1, out]. */
export function largestSingularValue(w: Tensor, u: Tensor): Tensor {
  return sum(multiply(matMul(detach(leftOf(w, u)), w), detach(toUnit(u))));
}

/** The left singular vector [1, in] that belongs to u [1, out]. */
const leftOf = (w: Tensor, u: Tensor): Tensor => toUnit(matMul(u, w, false, true));
const toUnit = (x: Tensor): Tensor => divide(x, sqrt(add(sum(square(x)), LENGTH_FLOOR)));
