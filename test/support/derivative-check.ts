import { createRandom } from '../../src/base/philox.ts';
import { add, constant, multiply, sum } from '../../src/graph/operations.ts';
import { sizeOf } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { evaluateReference, type Doubles } from './reference.ts';

type Feeds = Readonly<Record<string, Doubles>>;
export type Derivative = (y: Tensor, xs: readonly Tensor[]) => Tensor[];

export interface Checked {
  /** A scalar. */
  readonly f: Tensor;
  readonly xs: readonly Tensor<'input'>[];
  readonly feeds: Feeds;
  /** What is checked: `gradients`, or a wrong one, to test this checker. */
  readonly derivative: Derivative;
}

const STEP = 1e-4;
const TOLERANCE = 1e-6;

/**
 * Compares the first and the second derivative along random directions with central differences of the function and of
 * its first derivative, in double precision. Answers with a sentence for each that is wrong.
 */
export function findWrongDerivatives({ f, xs, feeds, derivative }: Checked): string[] {
  if (xs.length === 0) return [];
  const [u, v] = [directions('u', xs), directions('v', xs)];
  const slope = along(derivative(f, xs), u);
  const curvature = along(derivative(slope, xs), v);
  return [...compare('first', f, slope, u, xs, feeds), ...compare('second', slope, curvature, v, xs, feeds)];
}

/** The weighted sum of a tensor's elements: a scalar that depends on all of them. */
export function weightedSum(y: Tensor): Tensor {
  const { data } = direction('weights', y);
  return sum(multiply(y, constant(data, y.shape)));
}

function compare(
  order: string,
  f: Tensor,
  claimed: Tensor,
  by: readonly Doubles[],
  xs: readonly Tensor<'input'>[],
  feeds: Feeds,
): string[] {
  const valueAt = (step: number): number => evaluateReference([f], moved(feeds, xs, by, step * STEP))[0]!.data[0]!;
  // The five-point stencil: its error is of the order of STEP^4.
  const measured = (8 * (valueAt(1) - valueAt(-1)) - (valueAt(2) - valueAt(-2))) / (12 * STEP);
  const value = evaluateReference([claimed], feeds)[0]!.data[0]!;
  const error = Math.abs(value - measured) / (1 + Math.abs(measured));
  return error < TOLERANCE ? [] : [`the ${order} derivative is ${value}, by differences ${measured}`];
}

function along(derivatives: readonly Tensor[], by: readonly Doubles[]): Tensor {
  return derivatives.map((g, index) => sum(multiply(g, constant(by[index]!.data, g.shape)))).reduce(add);
}

function moved(feeds: Feeds, xs: readonly Tensor<'input'>[], by: readonly Doubles[], step: number): Feeds {
  const entries = xs.map(({ attributes: { name } }, index) => {
    const { shape, data } = feeds[name]!;
    return [name, { shape, data: data.map((value, at) => value + step * by[index]!.data[at]!) }];
  });
  return { ...feeds, ...(Object.fromEntries(entries) as Feeds) };
}

const directions = (name: string, xs: readonly Tensor[]): Doubles[] => xs.map((x, at) => direction(`${name}${at}`, x));

function direction(name: string, { shape }: Tensor): Doubles {
  const data = new Float32Array(sizeOf(shape));
  createRandom(11).stream(name).fillUniform(data, 0);
  // Between 1/2 and 3/2 in size: no element is overlooked.
  const signed = Float64Array.from(data, (x) => Math.fround((x < 0.5 ? -1 : 1) * (0.5 + x)));
  return { shape: shape as readonly number[], data: signed };
}
