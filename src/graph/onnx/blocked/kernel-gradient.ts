import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import { kernelInStrips } from './kernel-in-strips.ts';
import { isOfPixels, kernelOfPixels } from './kernel-of-pixels.ts';
import { layOut } from './strip-layout.ts';

type KernelGradient = Tensor<'convolveKernel'>;

export const isKernelInBlocks = (tensor: KernelGradient, block: number): boolean =>
  isOfPixels(tensor, block) || layOut(tensor, block) !== undefined;

export const kernelInBlocks = (tensor: KernelGradient, block: number, to: Builder): string =>
  isOfPixels(tensor, block)
    ? kernelOfPixels(tensor, block, to)
    : kernelInStrips(tensor, layOut(tensor, block)!, block, to);
