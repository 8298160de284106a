import type { NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import type { Doubles } from './reference.ts';

/** Double-precision feeds as an executor takes them. */
export function toFeeds(feeds: Readonly<Record<string, Doubles>>): NamedArrays {
  const entries = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { shape, data: Float32Array.from(data) },
  ]);
  return Object.fromEntries(entries) as NamedArrays;
}

interface Numbers {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The places where two arrays differ by more than tolerance (scale + |expected|), as sentences; NaN equals NaN. */
export function findDifferences(
  actual: Numbers | undefined,
  expected: Numbers,
  tolerance: number,
  scale = 1,
): string[] {
  if (!actual) return ['there is no value'];
  if (actual.shape.join() !== expected.shape.join()) {
    return [`the shape is [${actual.shape.join()}] instead of [${expected.shape.join()}]`];
  }
  return Array.from(expected.data).flatMap((wanted, at) => {
    const got = actual.data[at] ?? NaN;
    const isClose =
      Object.is(got, wanted) || got === wanted || Math.abs(got - wanted) <= tolerance * (scale + Math.abs(wanted));
    return isClose ? [] : [`at ${at}: ${got} instead of ${wanted}`];
  });
}

/** Root of the mean square, the scale of an array's elements. */
export function rootMeanSquare({ data }: NumberArray): number {
  return Math.sqrt(data.reduce((total, value) => total + value * value, 0) / data.length);
}
