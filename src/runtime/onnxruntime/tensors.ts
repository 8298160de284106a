import { AristarchError } from '../../base/errors.ts';
import type { NamedArrays, NumberArray } from '../executor.ts';
import { type NativeSession, type NativeTensor, Tensor } from './engine.ts';

/** Arrays as the engine takes them. */
export function toTensors(feeds: NamedArrays): Record<string, Tensor> {
  const entries = Object.entries(feeds).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]);
  return Object.fromEntries(entries) as Record<string, Tensor>;
}

/** The same for a session of the addon itself. */
export function toNativeTensors(feeds: NamedArrays): Parameters<NativeSession['run']>[0] {
  const tensors: Record<string, NativeTensor> = {};
  for (const name of Object.keys(feeds)) {
    const { data, shape } = feeds[name]!;
    tensors[name] = { type: 'float32', data, dims: shape, location: 'cpu' };
  }
  return tensors;
}

/** What is read of a tensor that came out. */
type ResultTensor = Pick<NativeTensor, 'data' | 'dims'>;

export function fromTensors(results: Readonly<Record<string, ResultTensor>>): NamedArrays {
  const arrays: Record<string, NumberArray> = {};
  for (const name of Object.keys(results)) arrays[name] = fromTensor(results[name]!);
  return arrays;
}

function fromTensor(value: ResultTensor): NumberArray {
  if (!(value.data instanceof Float32Array)) throw new AristarchError('INTERNAL', 'the graph answered with no floats');
  return { data: value.data, shape: value.dims };
}
