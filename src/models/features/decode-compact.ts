import {
  abs,
  add,
  argMax,
  clip,
  columns,
  concat,
  constant,
  exp,
  matMul,
  maximum,
  minimum,
  multiply,
  round,
  select,
  sign,
  subtract,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { TURN } from './compact.ts';
import type { LevelColumn, NumberColumn, Transform } from './transform.ts';

/** What is known of a number that is turned back. */
export type DecodedNumber = Pick<
  NumberColumn,
  'signedLog' | 'integer' | 'smallest' | 'largest' | 'mean' | 'deviation' | 'centre'
>;

/** Standardised [n, 1] -> the number in the user's own unit, within the range of the training rows; whole where it must be. */
export function decodeNumber(z: Tensor, number: DecodedNumber, limit: number): Tensor {
  const { signedLog, integer, smallest, largest, mean, deviation, centre } = number;
  const value = add(multiply(clip(add(z, centre), -limit, limit), deviation), mean);
  const real = signedLog ? multiply(sign(value), subtract(exp(abs(value)), 1)) : value;
  const within = maximum(minimum(real, largest), smallest);
  return integer ? round(within) : within;
}

/** Places on the clock that a generated angle is rounded to: minutes of a day, days of a week. */
const MOST_PLACES = 1440;

/** The place on the circle, of a period, that is nearest to the angle. */
export function decodeCycle(sine: Tensor, cosine: Tensor, period: number): Tensor {
  const places = Math.min(period, MOST_PLACES);
  const angles = Float64Array.from({ length: places }, (_, place) => (2 * Math.PI * place) / places);
  const circle = constant([...angles.map(Math.sin), ...angles.map(Math.cos)], [2, places]);
  return multiply(argMax(matMul(concat([sine, cosine], 1), circle), 1), period / places);
}

/**
 * Compact rows [n, compactWidth] -> slot of the raw row -> its values [n, 1]. Angles are whole seconds and
 * days, a missing value is NaN, and the unseen level stays what it is.
 */
export function decodeCompact(
  compact: Tensor,
  { numbers, cycles, levels, fixed, clip: limit }: Transform,
): Map<number, Tensor> {
  const column = (at: number): Tensor => columns(compact, at, at + 1);
  const values = new Map<number, Tensor>();
  numbers.forEach((number, index) => values.set(number.slot, decodeNumber(column(index), number, limit)));
  cycles.forEach(({ slot, period }, index) => {
    const place = round(multiply(column(numbers.length + index), period / TURN));
    values.set(slot, maximum(minimum(place, period - 1), 0));
  });
  for (const { slot, value } of fixed) values.set(slot, add(multiply(column(0), 0), value));
  levels.forEach((level, index) => decodeLevel(column(numbers.length + cycles.length + index), level, values));
  return values;
}

function decodeLevel(index: Tensor, level: LevelColumn, values: Map<number, Tensor>): void {
  const isMissing = level.missingIndex > level.largestIndex || level.of === 'presence';
  const isPresent = subtract(index, level.missingIndex);
  for (let slot = level.slot; slot < level.slot + level.span; slot++) {
    const value = level.of === 'presence' ? values.get(slot)! : index;
    values.set(slot, isMissing ? select(isPresent, value, NaN) : value);
  }
}
