import { z } from 'zod';
import { decodeModel } from './model.ts';

const modelSchema = z.object({
  // A number alone has no lengths.
  graph: z.object({ initializer: z.array(z.object({ dims: z.array(z.coerce.number()).default([]) })).default([]) }),
});

/** Channels of the widest convolution of an ONNX file that we wrote, by the shapes [out, in, height, width] of its kernels; 0 where it has none. */
export function readWidestKernel(onnx: Uint8Array): number {
  const { initializer } = modelSchema.parse(decodeModel(onnx)).graph;
  return Math.max(0, ...initializer.filter(({ dims }) => dims.length === 4).flatMap(({ dims }) => dims.slice(0, 2)));
}
