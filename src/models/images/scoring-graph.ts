import { createGraph, type Graph } from '../../graph/graph.ts';
import { gradients } from '../../graph/gradients.ts';
import { add, input, multiply, relu, reshape, subtract, sum } from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { constants, ROWS_INPUT, SCORES_OUTPUT } from '../scoring-graph.ts';
import type { ImageCriticPlan } from './image-critic.ts';
import { mirrorRows } from './mirror.ts';
import type { Planes } from './warp.ts';

/** A critic with what it has learnt, and the mean and deviation of its score over training images. */
export interface TrainedImageCritic {
  readonly plan: ImageCriticPlan;
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly mean: number;
  readonly deviation: number;
  /** Whether mirror images of normal ones are normal: then an image scores as the mean of what the network says of it and of its mirror image. */
  readonly isMirrored: boolean;
}

const widthOf = ({ channels, size }: Planes): number => channels * size ** 2;

/** Raw rows [n, channels size size] -> [n, 1]. */
function score(
  { plan, weights, mean, deviation, isMirrored }: TrainedImageCritic,
  rows: Tensor,
  image: Planes,
): Tensor {
  const values = constants(weights);
  const said = plan.score(rows, values);
  const both = isMirrored ? multiply(add(said, plan.score(mirrorRows(rows, image), values)), 0.5) : said;
  return multiply(subtract(both, mean), 1 / deviation);
}

/** What critic.onnx computes of images: raw rows [N, channels size size] in 0 .. 255 -> scores [N], high = anomalous. */
export function imageScoringGraph(image: Planes, critic: TrainedImageCritic): Graph {
  const rows = input(ROWS_INPUT, [BATCH, widthOf(image)]);
  return simplify(createGraph('critic', [rows], { [SCORES_OUTPUT]: reshape(score(critic, rows, image), [BATCH]) }));
}

/** Names in explain.onnx of an image model. */
export const IMAGE_EXPLAIN = {
  counterparts: 'counterparts',
  heat: 'heat',
  counterpartScores: 'counterpartScores',
} as const;
/** Points on the way from the counterpart to the image at which the gradient is taken. */
const POINTS = 8;

/**
 * What explain.onnx computes of images: rows and counterparts [N, channels size size] -> heat [N, size size], how much each pixel's
 * difference from the counterpart adds to the score - integrated gradients (Sundararajan et al. 2017, equation 3), where they are
 * above 0, all channels together -, and the counterparts' scores [N].
 */
export function imageExplainGraph(image: Planes, critic: TrainedImageCritic): Graph {
  const width = widthOf(image);
  const [rows, counterparts] = [input(ROWS_INPUT, [BATCH, width]), input(IMAGE_EXPLAIN.counterparts, [BATCH, width])];
  const difference = subtract(rows, counterparts);
  const slopes = Array.from({ length: POINTS }, (_, point) => {
    const at = add(counterparts, multiply(difference, (point + 0.5) / POINTS));
    return gradients(score(critic, at, image), [at])[0]!;
  });
  const parts = relu(multiply(multiply(slopes.reduce(add), 1 / POINTS), difference));
  const heat = sum(reshape(parts, [BATCH, image.channels, image.size ** 2]), [1]);
  const outputs = {
    [IMAGE_EXPLAIN.heat]: heat,
    [IMAGE_EXPLAIN.counterpartScores]: reshape(score(critic, counterparts, image), [BATCH]),
  };
  return simplify(createGraph('explain', [rows, counterparts], outputs));
}
