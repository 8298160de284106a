import { greater, multiply } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { TrainingPass } from './training-pass.ts';

/**
 * Dropout (Srivastava et al. 2014, section 4): in training each unit of h [n, units] is 0 with probability `share`, and the others
 * are 1 / (1 - share) as large, so that in scoring nothing is to be done. The mask is drawn as data, by the name of the layer.
 */
export function dropOut(h: Tensor, share: number, name: string, pass?: TrainingPass): Tensor {
  if (share === 0 || !pass) return h;
  const kept = greater(pass.uniform(`${name}.dropout`, h.shape as readonly number[]), share);
  return multiply(h, multiply(kept, 1 / (1 - share)));
}
