/**
 * How many of the first `size` values, ascending, are below `value`: where it would stand. Each step is a sum and no branch, since a
 * processor guesses every second one wrong. NaN is above none.
 */
export function countBelow(ascending: Float32Array | Float64Array, size: number, value: number): number {
  let below = 0;
  let left = size;
  while (left > 1) {
    const half = left >>> 1;
    below += half * Number(ascending[below + half - 1]! < value);
    left -= half;
  }
  return left === 1 && ascending[below]! < value ? below + 1 : below;
}
