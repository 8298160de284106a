import { add, channelStatistics, divide, mean, multiply, sqrt, square, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

const LENGTH_FLOOR = 1e-8;

/** Each row over the root of its mean square: Karras et al. 2018, section 4.2. [n, d] -> [n, d] */
export function pixelNorm(x: Tensor): Tensor {
  return divide(x, sqrt(add(mean(square(x), [1], true), LENGTH_FLOOR)));
}

/**
 * Adaptive instance normalisation (Huang and Belongie 2017, equation 8): each channel of each image to mean 0 and deviation 1,
 * then by a scale and an offset, [b, channels, 1, 1] each. Afterwards these are the channel's deviation (up to sign) and mean.
 */
export function adaptInstances(x: Tensor, scale: Tensor, offset: Tensor): Tensor {
  const { mean: average, deviation } = channelStatistics(x);
  return add(multiply(divide(subtract(x, average), deviation), scale), offset);
}
