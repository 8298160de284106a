import { PORTABLE, type Dialect } from '../dialect.ts';
import { convolveInBlocks, convolveTurnedInBlocks, isConvolvedInBlocks, isTurnedInBlocks } from './convolutions.ts';
import { computedInBlocks } from './between.ts';
import { fusedConvolutions } from './fusions.ts';
import { convolveStridedInBlocks, isStridedInBlocks } from './strided.ts';
import { isKernelInBlocks, kernelInBlocks } from './kernel-gradient.ts';

/**
 * For graphs that run on ONNX Runtime's CPU provider and nowhere else: convolutions whose channels are whole blocks in the library's own
 * operators, which are up to twice as fast, and what lies between them in the same blocks (docs/decisions/0039-convolutions-in-blocks.md). `block` is the processor's.
 */
export const blockedDialect = (block: number): Dialect => ({
  ...PORTABLE,
  convolve: (tensor, to) =>
    isConvolvedInBlocks(tensor.inputs[1], block) ? convolveInBlocks(tensor, block, to) : PORTABLE.convolve(tensor, to),
  convolveTransposed: (tensor, to) => {
    if (isTurnedInBlocks(tensor, block)) return convolveTurnedInBlocks(tensor, block, to);
    if (isStridedInBlocks(tensor, block)) return convolveStridedInBlocks(tensor, block, to);
    return PORTABLE.convolveTransposed(tensor, to);
  },
  convolveKernel: (tensor, to) =>
    isKernelInBlocks(tensor, block) ? kernelInBlocks(tensor, block, to) : PORTABLE.convolveKernel(tensor, to),
  fuse: (of) => fusedConvolutions(of, block),
  inOwnForm: (tensor, to) => computedInBlocks(tensor, block, to),
});
