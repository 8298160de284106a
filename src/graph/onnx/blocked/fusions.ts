import { sameShape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { onlyUsedOnce, type Fusion, type Fusions, type Order } from '../fusions.ts';
import { convolveInBlocks, isConvolvedInBlocks, type After } from './convolutions.ts';

/** Convolutions in blocks with the bias and the leaky ReLU that follow them: the library does the three in one pass over the result. */
export function fusedConvolutions(of: Order, block: number): Fusions {
  const isOnlyHere = onlyUsedOnce(of);
  const fused = new Map<Tensor, Fusion>();
  const at = (end: Tensor, convolution: Tensor<'convolve'>, more: readonly Tensor[], after: After): void => {
    const emit: Fusion['emit'] = (to) => convolveInBlocks(convolution, block, to, after);
    fused.set(end, { inner: [convolution, ...more], emit });
  };
  const sums = new Map<Tensor, { readonly convolution: Tensor<'convolve'>; readonly bias: Tensor }>();
  const isWhole = (tensor: Tensor): tensor is Tensor<'convolve'> =>
    tensor.primitive === 'convolve' && isConvolvedInBlocks(tensor.inputs[1]!, block) && isOnlyHere(tensor);
  for (const tensor of of.order) {
    const [a, b] = tensor.inputs;
    if (tensor.primitive === 'add' && a && b) {
      const [convolution, bias] = isWhole(a) ? [a, b] : [b, a];
      if (!isWhole(convolution) || !sameShape(bias.shape, [1, Number(convolution.shape[1]), 1, 1])) continue;
      sums.set(tensor, { convolution, bias });
      at(tensor, convolution, [], { bias });
    }
    if (!isLeaky(tensor)) continue;
    const [x] = tensor.inputs;
    const { slope } = tensor.attributes;
    const sum = isOnlyHere(x) ? sums.get(x) : undefined;
    if (sum) fused.delete(x);
    if (sum) at(tensor, sum.convolution, [x], { bias: sum.bias, slope });
    else if (isWhole(x)) at(tensor, x, [], { slope });
  }
  return fused;
}

const isLeaky = (tensor: Tensor): tensor is Tensor<'leakyRelu'> => tensor.primitive === 'leakyRelu';
