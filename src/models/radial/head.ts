import {
  add,
  argMax,
  clip,
  concat,
  constant,
  detach,
  equal,
  greater,
  log,
  multiply,
  negate,
  reshape,
  sigmoid,
  slice,
  softmax,
  subtract,
} from '../../graph/operations.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { groupNeighbours } from '../features/compact.ts';
import type { Union } from './union.ts';

/** How steep flags and levels are in a decoder's outputs, which are in their own scale of 0 and 1. */
const STEEPNESS = 6;
/** Added to the outputs of levels that a source has not got. */
const NEVER = -1e4;
/** Keeps the logarithms of uniform noise finite. */
const LEAST_NOISE = 1e-6;

/** Noise for one row: one number for each flag and each level, uniform in [0, 1). */
export function noiseWidth({ flags, categories }: Union): number {
  return flags.length + levelsOf(categories);
}

/** Columns of numbers and times, which come first. */
export function continuousWidth({ numbers, cycles }: Union): number {
  return numbers.length + 2 * cycles.length;
}

const levelsOf = (categories: Union['categories']): number =>
  categories.reduce((total, { levels }) => total + levels.length, 0);

/**
 * A decoder's outputs [..., width] as rows over the union: numbers and times as they are, sigmoid(6 (2 a - 1)) of flags, softmax(6 a)
 * over the levels of a category that the source has (`mask` [..., width], 0 and 1). With noise [..., noiseWidth] flags and levels
 * are drawn (Gumbel 1954; Jang 2017, Maddison 2017), 0 or 1, and derivatives are those of the probabilities
 * (straight-through: Bengio 2013).
 */
export function toUnionRows(outputs: Tensor, union: Union, mask: Tensor, noise: Tensor | null): Tensor {
  const last = outputs.shape.length - 1;
  const continuous = continuousWidth(union);
  const flags = union.flags.length;
  const parts: Tensor[] = [];
  if (continuous > 0) parts.push(slice(outputs, last, 0, continuous));
  if (flags > 0) {
    const a = slice(outputs, last, continuous, continuous + flags);
    parts.push(toFlags(a, noise && slice(noise, last, 0, flags)));
  }
  const allowed = multiply(subtract(1, mask), NEVER);
  let start = flags;
  for (const group of groupNeighbours(union.categories, ({ levels }) => levels.length)) {
    const end = start + levelsOf(group);
    const part = (x: Tensor, from: number): Tensor => slice(x, last, from + start, from + end);
    const logits = add(multiply(part(outputs, continuous), STEEPNESS), part(allowed, continuous));
    parts.push(toLevels(logits, group.length, noise && part(noise, 0)));
    start = end;
  }
  return multiply(concat(parts, last), mask);
}

function toFlags(a: Tensor, noise: Tensor | null): Tensor {
  const logits = multiply(subtract(multiply(a, 2), 1), STEEPNESS);
  if (!noise) return sigmoid(logits);
  const u = clip(noise, LEAST_NOISE, 1 - LEAST_NOISE);
  const p = sigmoid(add(logits, subtract(log(u), log(subtract(1, u)))));
  return straightThrough(greater(p, 0.5), p);
}

/** Logits [..., columns * count] -> as many probabilities, or indicators of a draw. */
function toLevels(logits: Tensor, columns: number, noise: Tensor | null): Tensor {
  const { shape } = logits;
  const count = (shape.at(-1) as number) / columns;
  const apart: Shape = [...shape.slice(0, -1), columns, count];
  const axis = apart.length - 1;
  const gumbel = noise && negate(log(negate(log(clip(noise, LEAST_NOISE, 1 - LEAST_NOISE)))));
  const p = softmax(reshape(gumbel ? add(logits, gumbel) : logits, apart), axis);
  if (!noise) return reshape(p, shape);
  const places = constant(
    Float32Array.from({ length: count }, (_, level) => level),
    [...apart.slice(0, -1).map(() => 1), count],
  );
  return reshape(straightThrough(equal(argMax(p, axis), places), p), shape);
}

/** The value of the draw, the derivative of the probability. */
const straightThrough = (drawn: Tensor, p: Tensor): Tensor => add(drawn, subtract(p, detach(p)));
