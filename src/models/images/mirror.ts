import { constant, matMul, reshape } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { times } from './views.ts';
import type { Planes } from './warp.ts';

/**
 * Raw rows of images [n, channels size size] -> those of their mirror images, left for right. A product with zeros and ones: exact, its own
 * derivative, and little beside the convolutions, where a gather has no derivative for a number of rows that is not known.
 */
export function mirrorRows(rows: Tensor, { channels, size }: Planes): Tensor {
  const lines = reshape(rows, [times(rows.shape[0]!, channels * size), size]);
  const backwards = Float32Array.from({ length: size ** 2 }, (_, at) =>
    Number(Math.floor(at / size) + (at % size) === size - 1),
  );
  return reshape(matMul(lines, constant(backwards, [size, size])), rows.shape);
}
