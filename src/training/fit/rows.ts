import type { NumberArray } from '../../runtime/executor.ts';

/** The chosen rows of a matrix, in the order of the choice. */
export function chooseRows({ data, shape }: NumberArray, chosen: ArrayLike<number>): NumberArray {
  const width = shape[1] ?? 0;
  const out = new Float32Array(chosen.length * width);
  for (let index = 0; index < chosen.length; index++) {
    const row = chosen[index]!;
    out.set(data.subarray(row * width, (row + 1) * width), index * width);
  }
  return { data: out, shape: [chosen.length, width] };
}
