import { concat, reshape, slice } from '../../graph/operations.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Parameter } from '../layers/parameters.ts';
import type { StepBuilder } from '../step-builder.ts';

/** All numbers of tensors one behind the other, [n]: what is done to each of them is then done once. */
export const sideBySide = (tensors: readonly Tensor[]): Tensor =>
  concat(
    tensors.map((tensor) => reshape(tensor, [sizeOf(tensor.shape)])),
    0,
  );

/** Updates variables by what `sideBySide` has made of them. */
export function updateEach(
  step: StepBuilder,
  variables: readonly Pick<Parameter, 'name' | 'shape'>[],
  values: Tensor,
): void {
  let start = 0;
  for (const { name, shape } of variables) {
    const end = start + sizeOf(shape);
    step.update(name, reshape(slice(values, 0, start, end), shape));
    start = end;
  }
}
