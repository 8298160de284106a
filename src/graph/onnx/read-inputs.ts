import { z } from 'zod';
import { decodeModel } from './model.ts';

const modelSchema = z.object({
  graph: z.object({
    input: z.array(
      z.object({
        name: z.string(),
        type: z.object({
          tensorType: z.object({ shape: z.object({ dim: z.array(z.object({ dimValue: z.number().optional() })) }) }),
        }),
      }),
    ),
  }),
});

/** Widths of the inputs [N, width] of an ONNX file that we wrote, by name; 0 where the file leaves a width open. */
export function readInputWidths(onnx: Uint8Array): Readonly<Record<string, number>> {
  const { graph } = modelSchema.parse(decodeModel(onnx));
  return Object.fromEntries(
    graph.input.map(({ name, type }) => [name, type.tensorType.shape.dim.at(-1)?.dimValue ?? 0]),
  );
}
