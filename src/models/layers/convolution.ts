import { add, convolve, reshape } from '../../graph/operations.ts';
import type { Sliding, Tensor } from '../../graph/tensor.ts';
import type { Parameter, ParameterValues } from './parameters.ts';

export interface ConvolutionOptions extends Sliding {
  readonly name: string;
  readonly channels: number;
  readonly out: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
  /** Slope of the leaky ReLU behind it, by which the weights are scaled (He et al. 2015, equation 14). */
  readonly slope: number;
}

/** A convolution with a bias for each channel. */
export interface Convolution {
  readonly parameters: readonly Parameter[];
  /** [b, channels, h, w] -> [b, out, h', w']. */
  apply(x: Tensor, values: ParameterValues): Tensor;
}

export function createConvolution(options: ConvolutionOptions): Convolution {
  const { name, channels, out, kernel, slope, stride, padding } = options;
  const deviation = heDeviation(channels * kernel ** 2, slope);
  const weight: Parameter = { name: `${name}.weight`, shape: [out, channels, kernel, kernel], deviation };
  const bias: Parameter = { name: `${name}.bias`, shape: [out], deviation: 0 };
  return {
    parameters: [weight, bias],
    apply: (x, values) => add(convolve(x, values(weight), { stride, padding }), reshape(values(bias), [1, out, 1, 1])),
  };
}

/** Keeps the size of what a leaky ReLU passes on: He et al. 2015, equation 14. */
export const heDeviation = (fanIn: number, slope: number): number => Math.sqrt(2 / ((1 + slope ** 2) * fanIn));
