import { concat, slice } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** Each border pixel once more outside, so that a convolution sees no edge where an image ends: [b, c, h, w] -> [b, c, h + 2, w + 2]. */
export function repeatBorder(x: Tensor): Tensor {
  return [2, 3].reduce((image, axis) => {
    const length = image.shape[axis] as number;
    return concat([slice(image, axis, 0, 1), image, slice(image, axis, length - 1, length)], axis);
  }, x);
}
