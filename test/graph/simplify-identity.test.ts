import { describe, expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { columns, concat, input, multiply, softmax, square, sum } from '../../src/graph/operations.ts';
import { topologicalOrder } from '../../src/graph/order.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { normal } from '../support/primitive-samples.ts';
import { evaluateReference } from '../support/reference.ts';

/** What once ended in an endless loop: a tensor was given a second identity, which another tensor had already. */
describe('a shared tensor keeps its first identity', () => {
  const x = input('x', [3, 7]);
  // A softmax over each of two categories, as a generator has it, and its derivatives of first and second order.
  const parts = [
    columns(x, 0, 3),
    multiply(softmax(columns(x, 3, 5), 1), 2),
    multiply(softmax(columns(x, 5, 7), 1), 2),
  ];
  const y = sum(square(concat(parts, 1)));
  const [g] = gradients(y, [x]) as [Tensor];
  const [h] = gradients(sum(square(g)), [x]) as [Tensor];
  const graph = createGraph('softmax', [x], { y, g, h });

  it('so that softmax and its derivatives are simplified to the same values', () => {
    const feeds = { x: normal('x', 3, 7) };
    const before = evaluateReference(Object.values(graph.outputs), feeds);
    const after = evaluateReference(Object.values(simplify(graph).outputs), feeds);
    before.forEach(({ data }, index) =>
      data.forEach((value, at) => expect(after[index]!.data[at]).toBeCloseTo(value, 9)),
    );
  });

  it('and simplifying twice changes nothing', () => {
    const once = simplify(graph);
    const count = (of: typeof graph): number => topologicalOrder(Object.values(of.outputs)).length;
    expect(count(simplify(once))).toBe(count(once));
    expect(count(once)).toBeLessThan(count(graph));
  });
});
