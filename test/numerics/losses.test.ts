import { describe, expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import { add, constant, input, mean, multiply, softmax, square, sum } from '../../src/graph/operations.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { ADVERSARIAL_OBJECTIVES } from '../../src/models/adversarial/objectives.ts';
import { REGULARISERS, type Regulariser } from '../../src/models/adversarial/regularisers.ts';
import { createMlp } from '../../src/models/layers/mlp.ts';
import { parameterInputs } from '../../src/models/layers/parameters.ts';
import { between, OBJECTIVES, PENALTIES, squaredGradientNorm } from '../../src/models/losses.ts';
import { findWrongDerivatives } from '../support/derivative-check.ts';
import { normal, values } from '../support/primitive-samples.ts';
import { evaluateReference, type Doubles } from '../support/reference.ts';

const [high, low] = [input('high', [4, 1]), input('low', [4, 1])];
const outputs = { high: normal('high', 4, 1), low: normal('low', 4, 1) };

const network = createMlp({ name: 'critic', widths: [3, 5, 4, 1], slope: 0.2 });
const weights = parameterInputs(network.parameters);
const x = input('x', [6, 3]);
const feeds: Record<string, Doubles> = {
  x: normal('x', 6, 3),
  ...Object.fromEntries([...weights.keys()].map(({ name, shape }) => [name, normal(name, ...shape)])),
};
const critic = (rows: Tensor): Tensor => network.apply(rows, (parameter) => weights.get(parameter)!);

describe('the derivatives to second order agree with central differences', () => {
  it.each(Object.entries(OBJECTIVES))('of the objective %s', (_, objective) => {
    const xs = [high, low];
    expect(findWrongDerivatives({ f: objective(high, low), xs, feeds: outputs, derivative: gradients })).toEqual([]);
  });

  // The penalty holds a first derivative already: these are derivatives of the third order.
  it.each(Object.entries(PENALTIES))('of the penalty %s on a critic, by its weights and its input', (_, penalty) => {
    const f = penalty(squaredGradientNorm(critic(x), x));
    const xs = [x, ...weights.values()];
    expect(findWrongDerivatives({ f, xs, feeds, derivative: gradients })).toEqual([]);
  });

  it.each(Object.entries(ADVERSARIAL_OBJECTIVES))('of the game %s, for critic and generator', (_, objective) => {
    const xs = [high, low];
    const f = add(objective.critic(high, low), objective.generator(low));
    expect(findWrongDerivatives({ f, xs, feeds: outputs, derivative: gradients })).toEqual([]);
  });

  const slopeAt = (rows: Tensor): Tensor => squaredGradientNorm(critic(rows), rows);
  const slopes = {
    atReal: () => slopeAt(x),
    atFake: () => slopeAt(multiply(x, 2)),
    between: () => slopeAt(multiply(x, 1.5)),
  };
  const penalised = Object.entries<Regulariser>(REGULARISERS).filter(([, { penalty }]) => penalty !== null);

  it.each(penalised)('of the regulariser %s, by the weights of the critic', (_, { penalty }) => {
    const f = penalty!(slopes);
    expect(findWrongDerivatives({ f, xs: [...weights.values()], feeds, derivative: gradients })).toEqual([]);
  });

  it.each(penalised)('and a wrong derivative of the regulariser %s is found', (_, { penalty }) => {
    const wrong = (y: Tensor, xs: readonly Tensor[]): Tensor[] => gradients(y, xs).map((g) => multiply(g, 1.001));
    const f = penalty!(slopes);
    expect(findWrongDerivatives({ f, xs: [...weights.values()], feeds, derivative: wrong })).not.toEqual([]);
  });

  it('of a softmax that is weighed', () => {
    const f = sum(multiply(softmax(x, 1), square(x)));
    expect(findWrongDerivatives({ f, xs: [x], feeds, derivative: gradients })).toEqual([]);
  });
});

describe('by hand', () => {
  const valueOf = (f: Tensor, given: Record<string, Doubles>): number => evaluateReference([f], given)[0]!.data[0]!;
  const given = { high: values([4, 1], 1, 2, 3, 6), low: values([4, 1], -1, 0, 0, 1) };

  it('the Wasserstein loss is the mean on low rows minus that on high rows', () => {
    expect(valueOf(OBJECTIVES.wasserstein(high, low), given)).toBe(-3);
  });

  it('the logistic loss is the cross-entropy of telling high rows from low ones', () => {
    const entropy = (f: number[]): number => f.reduce((total, y) => total + Math.log(1 + Math.exp(y)), 0) / f.length;
    const expected = entropy([-1, -2, -3, -6]) + entropy([-1, 0, 0, 1]);
    expect(valueOf(OBJECTIVES.logistic(high, low), given)).toBeCloseTo(expected, 12);
  });

  // f = 3 x0 + 4 x1 has slope 5 everywhere.
  it.each([
    ['two-sided', 16],
    ['zero-centred', 25],
  ] as const)('the %s penalty of a slope of 5 is %d', (name, expected) => {
    const [rows, w] = [input('rows', [2, 2]), constant([3, 4], [1, 2])];
    const f = sum(multiply(rows, w), [1], true);
    expect(valueOf(PENALTIES[name](squaredGradientNorm(f, rows)), { rows: normal('rows', 2, 2) })).toBeCloseTo(
      expected,
      9,
    );
  });

  it('the two-sided penalty has a derivative where the slope is zero', () => {
    const rows = input('rows', [2, 2]);
    const f = multiply(sum(square(rows), [1], true), 0.5);
    const [g] = gradients(add(PENALTIES['two-sided'](squaredGradientNorm(f, rows)), mean(rows)), [rows]);
    const { data } = evaluateReference([g!], { rows: values([2, 2], 0, 0, 0, 0) })[0]!;
    expect([...data].every(Number.isFinite)).toBe(true);
  });

  it('what the generators minimise falls as the critic is fooled, by the formulas of their papers', () => {
    const f = [1, 2, 3, 6];
    const meanOver = (formula: (d: number) => number): number =>
      f.map((each) => formula(1 / (1 + Math.exp(-each)))).reduce((a, b) => a + b) / f.length;
    const lossOf = (name: keyof typeof ADVERSARIAL_OBJECTIVES): number =>
      valueOf(ADVERSARIAL_OBJECTIVES[name].generator(high), given);
    expect(lossOf('minimax')).toBeCloseTo(
      meanOver((d) => Math.log(1 - d)),
      9,
    );
    expect(lossOf('non-saturating')).toBeCloseTo(
      meanOver((d) => -Math.log(d)),
      9,
    );
    expect(lossOf('wasserstein')).toBeCloseTo(-3, 12);
  });

  it('points between two sets of rows are on the segments', () => {
    const [a, b, t] = [input('a', [2, 2]), input('b', [2, 2]), input('t', [2, 1])];
    const given2 = { a: values([2, 2], 0, 0, 1, 1), b: values([2, 2], 4, 8, 3, 1), t: values([2, 1], 0.25, 1) };
    expect([...evaluateReference([between(a, b, t)], given2)[0]!.data]).toEqual([1, 2, 3, 1]);
  });
});
