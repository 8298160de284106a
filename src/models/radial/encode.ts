import {
  clip,
  concat,
  constant,
  cos,
  divide,
  equal,
  greater,
  isNaN,
  maximum,
  minimum,
  multiply,
  select,
  sin,
  subtract,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { repeatColumns, signedLogOf } from '../features/compact.ts';
import type { NumberPlace, Place } from './places.ts';
import { SECONDS_OF_DAY, type Union, type UnionCategory } from './union.ts';

/** Z-scores are clipped to [-6, 6]: radialgan-findings, pitfalls. */
export const CLIP = 6;

/**
 * Raw rows of a source [n, rowWidth] -> rows over the union [n, width]; 0 in columns that the source lacks. A missing value, and
 * a level that the source's training rows never had, is what `places.ts` imputes.
 */
export function encodeRows(rows: Tensor, union: Union, source: number): Tensor {
  const withZeros = concat([rows, constant(0, [rows.shape[0]!, 1])], 1);
  const lacking = rows.shape[1] as number;
  /** One column for each of `columns`, missing values imputed; 0 where the source lacks it. */
  const take = (columns: readonly { readonly places: readonly (Place | null)[] }[]): Tensor => {
    const places = columns.map(({ places: each }) => each[source] ?? null);
    const raw = repeatColumns(
      withZeros,
      places.map((place) => place?.slot ?? lacking),
    );
    return select(isNaN(raw), rowOf(places.map((place) => place?.imputed ?? 0)), raw);
  };
  const parts: Tensor[] = [];
  if (union.numbers.length > 0) parts.push(encodeNumbers(take(union.numbers), union, source));
  if (union.cycles.length > 0) parts.push(...encodeCycles(take(union.cycles), union, source));
  if (union.flags.length > 0) parts.push(clip(take(union.flags), 0, 1));
  if (union.categories.length > 0) parts.push(encodeCategories(take(union.categories), union.categories, source));
  return concat(parts, 1);
}

const rowOf = (values: readonly number[]): Tensor => constant(values, [1, values.length]);

function encodeNumbers(values: Tensor, { numbers }: Union, source: number): Tensor {
  const places = numbers.map(({ places: each }) => each[source] ?? null);
  const of = (value: (place: NumberPlace) => number, other: number): Tensor =>
    rowOf(places.map((place) => (place ? value(place) : other)));
  const isLog = rowOf(numbers.map(({ signedLog }) => (signedLog ? 1 : 0)));
  const scaled = numbers.some(({ signedLog }) => signedLog) ? select(isLog, signedLogOf(values), values) : values;
  const z = divide(
    subtract(
      scaled,
      of(({ mean }) => mean, 0),
    ),
    of(({ deviation }) => deviation, 1),
  );
  return clip(z, -CLIP, CLIP);
}

/** Sine and cosine, times the root of 2 so that those of a uniform angle have variance 1. */
function encodeCycles(seconds: Tensor, { cycles }: Union, source: number): Tensor[] {
  const has = rowOf(cycles.map(({ places }) => (places[source] ? Math.SQRT2 : 0)));
  const angle = multiply(minimum(maximum(seconds, 0), SECONDS_OF_DAY), (2 * Math.PI) / SECONDS_OF_DAY);
  return [multiply(sin(angle), has), multiply(cos(angle), has)];
}

/** The source's own indices -> indicators of the union's levels. */
function encodeCategories(indices: Tensor, categories: readonly UnionCategory[], source: number): Tensor {
  const own = categories.map(({ indices: each, places }) =>
    places[source] ? each[source]! : each[source]!.map(() => -1),
  );
  const imputed = rowOf(categories.map(({ places }) => places[source]?.imputed ?? 0));
  const count = rowOf(own.map((levels) => levels.filter((index) => index >= 0).length));
  // An index beyond the levels is the unseen level.
  const known = select(greater(indices, subtract(count, 0.5)), imputed, indices);
  const columnOf = own.flatMap((levels, column) => levels.map(() => column));
  return equal(repeatColumns(known, columnOf), rowOf(own.flat()));
}
