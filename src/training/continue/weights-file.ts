import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { packArrays, unpackArrays } from '../../models/artefact/packed-arrays.ts';
import type { Transform } from '../../models/features/transform.ts';
import type { FittedCritic } from '../fit/fit-critics.ts';
import type { StateValues } from '../steps/state.ts';

/** What training can go on from: pre-processing, and what each network has learnt. */
export interface Weights {
  readonly transform: Transform;
  /** Median distance between neighbouring rows, which the fixed Fourier features were made for. */
  readonly scale: number;
  /** Seed of the run that drew the fixed Fourier features. */
  readonly seed: number;
  /** Parameters by name, for each task by name. What the optimiser remembers is no part: it is new within a few steps. */
  readonly tasks: Readonly<Record<string, StateValues>>;
}

const FORMAT = 1;
const headerSchema = z.object({
  format: z.literal(FORMAT),
  scale: z.number(),
  seed: z.number().int(),
  transform: z.object({ clip: z.number() }).loose(),
  tasks: z.array(
    z.strictObject({
      name: z.string(),
      parameters: z.array(z.strictObject({ name: z.string(), length: z.number().int().nonnegative() })),
    }),
  ),
});

/** Parameters that a critic has learnt, without what its optimiser remembers. */
export function learntBy({ plan, weights }: Pick<FittedCritic, 'plan' | 'weights'>): StateValues {
  const learnt = plan.task.initial.filter(({ isParameter }) => isParameter);
  return Object.fromEntries(learnt.map(({ name }) => [name, weights[name]!]));
}

/** weights.bin: the header, and the values of all parameters, in its order. */
export function encodeWeights({ tasks, ...rest }: Weights): Uint8Array {
  const named = Object.entries(tasks).map(([name, state]) => ({
    name,
    parameters: Object.entries(state).map(([parameter, { length }]) => ({ name: parameter, length })),
  }));
  const values = Object.values(tasks).flatMap((state) => Object.values(state));
  return packArrays({ format: FORMAT, ...rest, tasks: named }, values);
}

/** Throws `ARTEFACT_INVALID` where the bytes are not what `encodeWeights` wrote. */
export function decodeWeights(bytes: Uint8Array): Weights {
  try {
    const { header, read } = unpackArrays(bytes);
    const { tasks, transform, scale, seed } = headerSchema.parse(header);
    const states = tasks.map(({ name, parameters }): [string, StateValues] => [
      name,
      Object.fromEntries(parameters.map((parameter) => [parameter.name, read(parameter.length)])),
    ]);
    // The manifest's hash says that these are the bytes that were written, so that the transform needs no schema of its own.
    return { scale, seed, transform: transform as unknown as Transform, tasks: Object.fromEntries(states) };
  } catch (cause) {
    const message =
      'weights.bin of the model cannot be read: it was written by another Aristarch; train anew, without --from-model';
    throw new AristarchError('ARTEFACT_INVALID', message, {}, cause);
  }
}
