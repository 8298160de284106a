import { add, convolve, matMul, multiply, reshape } from '../../graph/operations.ts';
import type { Network, Parameter } from './parameters.ts';

/** The gain of a layer before a leaky ReLU: He et al. 2015, equation 10. */
export const RECTIFIER_GAIN = Math.SQRT2;

interface EqualisedOptions {
  readonly name: string;
  /** Of what goes in, and of what comes out. */
  readonly from: number;
  readonly to: number;
  readonly gain: number;
}

export interface EqualisedDenseOptions extends EqualisedOptions {
  /** Factor on the learning rate of this layer alone (Karras et al. 2019, appendix C, has 0.01 in the mapping network). */
  readonly rateFactor?: number;
}

export interface EqualisedConvolutionOptions extends EqualisedOptions {
  /** Height and width of the kernel, odd: the image keeps its size. */
  readonly kernel: number;
}

/**
 * A dense layer with an equalised learning rate (Karras et al. 2018, section 4.1): weights start as N(0, 1) and are scaled as
 * He et al. have it where they are used, so that an optimiser which scales its steps by each weight's own gradients moves all
 * layers at the same pace. With a rate factor r, weights start 1 / r times as large and count r times as much: Adam's steps are
 * then r times as large beside them.
 */
export function createEqualisedDense({ name, from, to, gain, rateFactor = 1 }: EqualisedDenseOptions): Network {
  const weight: Parameter = { name: `${name}.weight`, shape: [from, to], deviation: 1 / rateFactor };
  const bias: Parameter = { name: `${name}.bias`, shape: [to], deviation: 0 };
  const scale = (gain / Math.sqrt(from)) * rateFactor;
  return {
    parameters: [weight, bias],
    apply: (x, values) => add(matMul(x, multiply(values(weight), scale)), multiply(values(bias), rateFactor)),
  };
}

/** A convolution by 1 with an equalised learning rate and a bias for each channel: [b, from, h, w] -> [b, to, h, w]. */
export function createEqualisedConvolution({ name, from, to, kernel, gain }: EqualisedConvolutionOptions): Network {
  const weight: Parameter = { name: `${name}.weight`, shape: [to, from, kernel, kernel], deviation: 1 };
  const bias: Parameter = { name: `${name}.bias`, shape: [to], deviation: 0 };
  const scale = gain / Math.sqrt(from * kernel ** 2);
  const sliding = { stride: 1, padding: (kernel - 1) / 2 };
  return {
    parameters: [weight, bias],
    apply: (x, values) =>
      add(convolve(x, multiply(values(weight), scale), sliding), reshape(values(bias), [1, to, 1, 1])),
  };
}
