import {
  argMax,
  columns,
  concat,
  constant,
  gatherRows,
  greater,
  isNaN,
  reshape,
  select,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { decodeCycle, decodeNumber } from '../features/decode-compact.ts';
import { rowWidth } from '../features/schema.ts';
import { signedLog } from '../features/transform.ts';
import { CLIP } from './encode.ts';
import type { Lacking } from './lacking.ts';
import { continuousWidth } from './head.ts';
import type { NumberPlace, Place } from './places.ts';
import { keepPointMasses } from './point-masses.ts';
import { SECONDS_OF_DAY, type Union } from './union.ts';

export interface Route {
  readonly union: Union;
  /** Indices of sources. */
  readonly from: number;
  readonly to: number;
  readonly lacking: Lacking;
  /** Whether point masses at the ends of numbers stay whole (`point-masses.ts`). */
  readonly keepsMasses: boolean;
}

/**
 * Rows over the union [n, width], translated, and the raw rows [n, rowWidth of the source] that they came from -> raw rows of
 * the target [n, rowWidth]. Numbers stay within the range of both sources', in the target's units, and are whole where the target's are; levels are its
 * own. A value that was missing is missing again where the target's rows have missing values, else the translated middle; a column with hardly
 * any value in the target is missing.
 */
export function decodeRows(x: Tensor, raw: Tensor, route: Route): Tensor {
  const { union, to } = route;
  const slots = new Map<number, Tensor>();
  const put = (places: readonly (Place | null)[], decode: (place: Place) => Tensor): void => {
    const place = places[to];
    if (place) slots.set(place.slot, finish(decode(place), raw, places, place, route));
  };
  const column = (at: number): Tensor => columns(x, at, at + 1);
  union.numbers.forEach(({ places, signedLog: isLog }, index) => {
    const source = places[route.from] ?? null;
    put(places, (place) => decodeNumbers(column(index), raw, { target: place as NumberPlace, source, isLog }, route));
  });
  const cycles = union.cycles.length;
  union.cycles.forEach(({ places }, index) => {
    const at = union.numbers.length + index;
    put(places, () => decodeCycle(column(at), column(at + cycles), SECONDS_OF_DAY));
  });
  let start = continuousWidth(union);
  for (const { places } of union.flags) {
    const at = start++;
    put(places, () => greater(column(at), 0.5));
  }
  for (const { places, levels, indices } of union.categories) {
    const at = start;
    start += levels.length;
    put(places, () => decodeLevel(columns(x, at, at + levels.length), indices[to]!));
  }
  const missing = constant(NaN, [x.shape[0]!, 1]);
  const width = rowWidth(union.sources[to]!.schema);
  return concat(
    Array.from({ length: width }, (_, slot) => slots.get(slot) ?? missing),
    1,
  );
}

function finish(
  value: Tensor,
  raw: Tensor,
  places: readonly (Place | null)[],
  { missing, neutral }: Place,
  { from, lacking }: Route,
): Tensor {
  const own = places[from];
  if (!own) return lacking === 'neutral' ? constant(neutral, [raw.shape[0]!, 1]) : value;
  return missing ? select(isNaN(columns(raw, own.slot, own.slot + 1)), NaN, value) : value;
}

interface Numbers {
  readonly target: NumberPlace;
  readonly source: NumberPlace | null;
  readonly isLog: boolean;
}

function decodeNumbers(z: Tensor, raw: Tensor, { target, source, isLog }: Numbers, { keepsMasses }: Route): Tensor {
  const scale = { ...target, ...rangeOf(target, source, isLog), signedLog: isLog, centre: 0 };
  const value = decodeNumber(z, scale, CLIP);
  return source && keepsMasses ? keepPointMasses(value, raw, { target, source }) : value;
}

interface Range {
  readonly smallest: number;
  readonly largest: number;
}

/**
 * Of the values of both sources, in the target's units: the source's may be others, so that its ends are taken by their z-scores. The
 * few rows of a target are no bound, but what is never negative, or never positive, in either stays so.
 */
export function rangeOf(target: NumberPlace, source: NumberPlace | null | undefined, isLog: boolean): Range {
  if (!source) return { smallest: target.smallest, largest: target.largest };
  const inTarget = (value: number): number => {
    const z = ((isLog ? signedLog(value) : value) - source.mean) / source.deviation;
    const scaled = target.mean + z * target.deviation;
    return isLog ? Math.sign(scaled) * Math.expm1(Math.abs(scaled)) : scaled;
  };
  const smallest = Math.min(target.smallest, inTarget(source.smallest));
  const largest = Math.max(target.largest, inTarget(source.largest));
  return {
    smallest: Math.min(target.smallest, source.smallest) >= 0 ? Math.max(0, smallest) : smallest,
    largest: Math.max(target.largest, source.largest) <= 0 ? Math.min(0, largest) : largest,
  };
}

/** The likeliest of the target's own levels, by its index there; those of others have been ruled out by the decoder. */
function decodeLevel(indicators: Tensor, indices: readonly number[]): Tensor {
  const n = indicators.shape[0]!;
  const own = constant(
    indices.map((index) => Math.max(0, index)),
    [indices.length, 1],
  );
  return reshape(gatherRows(own, reshape(argMax(indicators, 1), [n])), [n, 1]);
}
