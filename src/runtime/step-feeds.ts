import { AristarchError } from '../base/errors.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { NamedArrays, NumberArray } from './executor.ts';

/** Feeds of a step session, for engines that run the steps one by one. Throws `INTERNAL` where one is missing. */
export function pickFeeds(feeds: NamedArrays, inputs: readonly Tensor<'input'>[]): NamedArrays {
  return Object.fromEntries(inputs.map(({ attributes: { name } }) => [name, feedOf(feeds, name)]));
}

/** One step's part of the per-step inputs, whose first axis counts the steps. */
export function feedsAtStep(feeds: NamedArrays, inputs: readonly Tensor<'input'>[], step: number): NamedArrays {
  const parts = inputs.map(({ attributes: { name }, shape }): [string, NumberArray] => {
    const size = sizeOf(shape);
    const data = feedOf(feeds, name).data.subarray(step * size, (step + 1) * size);
    return [name, { data, shape: shape as readonly number[] }];
  });
  return Object.fromEntries(parts);
}

function feedOf(feeds: NamedArrays, name: string): NumberArray {
  const feed = feeds[name];
  if (!feed) throw new AristarchError('INTERNAL', `the step was run without its input ${name}`);
  return feed;
}
