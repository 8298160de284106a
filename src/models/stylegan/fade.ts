import { add, averagePool, enlarge, multiply, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** The share [] in 0 .. 1 of the layers of a new resolution while these are faded in; null once they are there. */
export type Fade = Tensor | null;

/** old + share (fresh - old): Karras et al. 2018, figure 2. */
export const fadeBetween = (old: Tensor, fresh: Tensor, share: Tensor): Tensor =>
  add(old, multiply(share, subtract(fresh, old)));

/** Real images as sharp as generated ones are while a resolution is faded in: Karras et al. 2018, appendix A. */
export function fadeImages(images: Tensor, fade: Fade): Tensor {
  return fade === null ? images : fadeBetween(enlarge(averagePool(images, 2), 2), images, fade);
}
