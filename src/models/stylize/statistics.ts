import {
  add,
  channelStatistics,
  divide,
  matMul,
  mean,
  multiply,
  reshape,
  square,
  subtract,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Of a channel's variance: where that is smaller, the channel is even, and has no pattern whose deviation could be changed. */
const EVEN = 1e-9;

/**
 * Adaptive instance normalisation: each channel of the content to mean 0 and deviation 1, then to the style's deviation and mean (Huang and
 * Belongie 2017, equation 8). Content [b, c, h, w], style [b, c, h', w'] -> [b, c, h, w].
 */
export function adaptToStyle(content: Tensor, style: Tensor): Tensor {
  const [from, to] = [channelStatistics(content, EVEN), channelStatistics(style, EVEN)];
  return add(multiply(divide(subtract(content, from.mean), from.deviation), to.deviation), to.mean);
}

/** (1 - alpha) content + alpha adapted: equation 14, without the decoder. */
export function mixFeatures(content: Tensor, adapted: Tensor, alpha: number): Tensor {
  return add(content, multiply(subtract(adapted, content), alpha));
}

/**
 * Content loss: the mean square of y - t, where the paper's equation 12 has the distance itself: a mean does not grow with the image.
 * Both [b, c, h, w].
 */
export const contentLoss = (y: Tensor, t: Tensor): Tensor => mean(square(subtract(y, t)));

/**
 * Style loss: how far the means and deviations of each layer's channels are from the style's (equation 13, with mean squares over the channels in the place of
 * distances). Images may be of other sizes than the style's.
 */
export function styleLoss(features: readonly Tensor[], style: readonly Tensor[]): Tensor {
  const parts = features.map((y, layer) => {
    const [has, wants] = [channelStatistics(y), channelStatistics(style[layer]!)];
    return add(contentLoss(has.mean, wants.mean), contentLoss(has.deviation, wants.deviation));
  });
  return parts.reduce(add);
}

/** G = F F^T / (h w): how channels go together (Gatys et al. 2015, equation 3, as a mean over places). [b, c, h, w] -> [b, c, c]. */
export function gramMatrix(features: Tensor): Tensor {
  const [b, channels, height, width] = features.shape.map(Number) as [number, number, number, number];
  const flat = reshape(features, [b, channels, height * width]);
  return multiply(matMul(flat, flat, false, true), 1 / (height * width));
}

/** Gatys' style loss: the mean over layers of mean squares between Gram matrices (equations 4 and 5, with means in the place of sums). */
export function gramLoss(features: readonly Tensor[], grams: readonly Tensor[]): Tensor {
  const parts = features.map((y, layer) => contentLoss(gramMatrix(y), grams[layer]!));
  return multiply(parts.reduce(add), 1 / parts.length);
}
