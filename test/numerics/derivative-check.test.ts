import { describe, expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import {
  add,
  constant,
  detach,
  divide,
  exp,
  input,
  multiply,
  sin,
  softplus,
  square,
  subtract,
  sum,
  tanh,
} from '../../src/graph/operations.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { findWrongDerivatives, type Derivative } from '../support/derivative-check.ts';
import { normal } from '../support/primitive-samples.ts';

const x = input('x', [3, 2]);
const feeds = { x: normal('x', 3, 2) };
const functions: Readonly<Record<string, Tensor>> = {
  'sum sin x': sum(sin(x)),
  'sum exp(x) / (1 + x^2)': sum(divide(exp(x), add(square(x), 1))),
  'tanh of a sum': tanh(sum(x)),
  'sum softplus(x) x': sum(multiply(softplus(x), x)),
};

/** The right derivative, changed. */
const changed =
  (change: (g: Tensor, x: Tensor) => Tensor): Derivative =>
  (y, xs) =>
    gradients(y, xs).map((g, index) => change(g, xs[index]!));

const wrong: Readonly<Record<string, Derivative>> = {
  'a thousandth too large': changed((g) => multiply(g, 1.001)),
  'of the wrong sign': changed((g) => multiply(g, -1)),
  zero: changed((g) => multiply(g, 0)),
  'wrong in one element': changed((g) => add(g, constant([0, 0, 1e-3, 0, 0, 0], [3, 2]))),
};
const wrongInSecondOrder: Readonly<Record<string, Derivative>> = {
  'that are cut off': changed(detach),
  'with a term too many': changed((g, at) => add(g, subtract(square(at), detach(square(at))))),
};

describe.each(Object.entries(functions))('the checker of derivatives, on %s', (_, f) => {
  it('accepts the right ones', () => {
    expect(findWrongDerivatives({ f, xs: [x], feeds, derivative: gradients })).toEqual([]);
  });

  it.each(Object.entries(wrong))('refuses a first derivative %s', (__, derivative) => {
    const faults = findWrongDerivatives({ f, xs: [x], feeds, derivative });
    expect(faults[0]).toMatch(/^the first derivative is \S+, by differences \S+$/);
  });

  it.each(Object.entries(wrongInSecondOrder))(
    'refuses second derivatives %s where the first are right',
    (__, derivative) => {
      const faults = findWrongDerivatives({ f, xs: [x], feeds, derivative });
      expect(faults).toEqual([expect.stringMatching(/^the second derivative is/)]);
    },
  );
});
