import { argMax, constant, equal, multiply, reshape, sum } from '../../graph/operations.ts';
import { BATCH, batchTimes } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Compact rows [b, compactWidth] -> [b, 1]. */
export type ScoreRows = (compact: Tensor) => Tensor;

/** Scores of several variants of each row: [N, variants, compactWidth] -> [N, variants]. */
export function scoreVariants(variants: Tensor, score: ScoreRows): Tensor {
  const [, count, width] = variants.shape.map(Number);
  return reshape(score(reshape(variants, [batchTimes(count!), width!])), [BATCH, count!]);
}

/** The place of the largest value in each row, as indicator: [N, count] -> [N, count]. The first of equals. */
export function largestPlace(values: Tensor): Tensor {
  const count = Number(values.shape[1]);
  const places = Float32Array.from({ length: count }, (_, place) => place);
  return equal(argMax(values, 1), constant(places, [1, count]));
}

/** The chosen variant of each row: [N, variants, width], indicator [N, variants] -> [N, width]. */
export function takeVariant(variants: Tensor, chosen: Tensor): Tensor {
  return sum(multiply(variants, reshape(chosen, [...chosen.shape, 1])), [1]);
}
