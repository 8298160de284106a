import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { sizeOf } from '../../graph/shape.ts';
import { packArrays, unpackArrays } from '../artefact/packed-arrays.ts';
import { createDecoder, createEncoder, type StylizerShape } from './networks.ts';
import type { TrainedStylizer } from './stylizer-graphs.ts';

const FORMAT = 1;
const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  shape: z.strictObject({
    name: z.string(),
    channels: z.union([z.literal(1), z.literal(3)]),
    width: z.number().int().positive(),
    slope: z.number(),
    layers: z.number().int().positive().max(16),
  }),
  parameters: z.array(z.string()),
});

const parametersOf = (shape: StylizerShape) => [...createEncoder(shape).parameters, ...createDecoder(shape).parameters];

/** stylizer.bin: what encoder and decoder are like, and what they have learnt. */
export function encodeStylizer({ shape, weights }: TrainedStylizer): Uint8Array {
  const names = parametersOf(shape).map(({ name }) => name);
  return packArrays(
    { format: FORMAT, shape: { ...shape }, parameters: names },
    names.map((name) => weights[name]!),
  );
}

/** Throws `ARTEFACT_INVALID` where the bytes are not what `encodeStylizer` wrote. */
export function decodeStylizer(bytes: Uint8Array): TrainedStylizer {
  try {
    const { header, read } = unpackArrays(bytes);
    const { shape, parameters } = headerSchema.parse(header);
    const expected = parametersOf(shape);
    if (parameters.join() !== expected.map(({ name }) => name).join()) throw new TypeError('its layers are others');
    const values = expected.map((parameter) => [parameter.name, read(sizeOf(parameter.shape))] as const);
    return { shape, weights: Object.fromEntries(values) };
  } catch (cause) {
    const message =
      'stylizer.bin of the model cannot be read: it was written by another Aristarch; train the model again with --stylizer';
    throw new AristarchError('ARTEFACT_INVALID', message, {}, cause);
  }
}
