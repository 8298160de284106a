import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { add, constant, input, leakyRelu, matMul, mean, multiply, square, sum } from '../../src/graph/operations.ts';
import { topologicalOrder } from '../../src/graph/order.ts';
import { printGraph } from '../../src/graph/print.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { findDifferences, toFeeds } from '../support/arrays.ts';
import { normal } from '../support/primitive-samples.ts';
import { inputs, randomOutputs } from '../support/random-graph.ts';
import { evaluateReference, type Doubles } from '../support/reference.ts';

const feeds = { x: normal('x', 3, 4), y: normal('y', 4), z: normal('z', 3, 1) };
const SEED = 20171204;

function valuesOf(graph: Graph): Record<string, Doubles> {
  const values = evaluateReference(Object.values(graph.outputs), feeds);
  return Object.fromEntries(Object.keys(graph.outputs).map((name, index) => [name, values[index]!]));
}

const nodeCount = (graph: Graph): number => topologicalOrder(Object.values(graph.outputs)).length;

/** Rounding may be amplified by what follows: the tolerance is relative to the largest value. */
function findChanges(before: Record<string, Doubles>, after: Readonly<Record<string, Doubles>>): string[] {
  return Object.entries(before).flatMap(([name, expected]) => {
    const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    return findDifferences(after[name], expected, 1e-5, scale).map((fault) => `${name} ${fault}`);
  });
}

describe('simplification of random graphs', () => {
  it('keeps their values, is done after one pass but for rounding, and never makes them larger', () => {
    fc.assert(
      fc.property(randomOutputs, (outputs) => {
        const graph = createGraph('random', inputs, outputs);
        const simple = simplify(graph);
        expect(findChanges(valuesOf(graph), valuesOf(simple))).toEqual([]);
        expect(nodeCount(simplify(simple))).toBeLessThanOrEqual(nodeCount(simple));
      }),
      { numRuns: 300, seed: SEED },
    );
  });

  it('keeps the values of their derivatives', () => {
    fc.assert(
      fc.property(randomOutputs, (outputs) => {
        const total = Object.values(outputs)
          .map((tensor) => mean(tensor))
          .reduce(add);
        const [gx, gy, gz] = gradients(total, inputs);
        const graph = createGraph('random', inputs, { gx: gx!, gy: gy!, gz: gz! });
        expect(findChanges(valuesOf(graph), valuesOf(simplify(graph)))).toEqual([]);
      }),
      { numRuns: 150, seed: SEED },
    );
  });
});

describe('random graphs, emitted', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  it('run on ONNX Runtime with the values of the reference, and twice to the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(randomOutputs, async (outputs) => {
        const graph = simplify(createGraph('random', inputs, outputs));
        expect(Buffer.compare(emitGraph(graph), emitGraph(simplify(createGraph('random', inputs, outputs))))).toBe(0);
        const session = await executor.compile(graph);
        const results = await session.run(toFeeds(feeds));
        await session.close();
        const doubles = Object.entries(results).map(([name, { shape, data }]) => [
          name,
          { shape, data: Float64Array.from(data) },
        ]);
        expect(findChanges(valuesOf(graph), Object.fromEntries(doubles) as Record<string, Doubles>)).toEqual([]);
      }),
      { numRuns: 60, seed: SEED },
    );
  });
});

describe('a simplified graph', () => {
  const x = input('x', [8, 3]);
  const w = input('w', [3, 2]);

  it('folds constants, drops what is neutral, shares what is equal', () => {
    const y = add(multiply(multiply(x, 2), 3), multiply(constant(2), 0));
    const graph = createGraph('folded', [x], { y: add(y, multiply(x, 6)), half: multiply(x, add(0.25, 0.25)) });
    expect(printGraph(simplify(graph))).toMatchInlineSnapshot(`
      "graph folded
        %0 = input x: [8, 3]
        %1 = constant 12: []
        %2 = multiply %0 %1: [8, 3]
        %3 = constant 0.5: []
        %4 = multiply %0 %3: [8, 3]
        return y=%2, half=%4"
    `);
  });

  it('has no matrix product left where a loss adds up the columns of a layer', () => {
    const graph = createGraph('linear', [x, w], { gx: gradients(sum(matMul(x, w)), [x])[0]! });
    expect(printGraph(simplify(graph))).toMatchInlineSnapshot(`
      "graph linear
        %0 = input w: [3, 2]
        %1 = sum %0 axes=[1]: [3]
        %2 = reshape %1: [1, 3]
        %3 = broadcastTo %2: [8, 3]
        return gx=%3"
    `);
  });

  it('has the gradient of a leaky layer by the sign of its result', () => {
    const y = leakyRelu(matMul(x, w), 0.2);
    const graph = createGraph('leaky', [x, w], { gw: gradients(mean(square(y)), [w])[0]! });
    expect(printGraph(simplify(graph))).toMatchInlineSnapshot(`
      "graph leaky
        %0 = input x: [8, 3]
        %1 = input w: [3, 2]
        %2 = matMul %0 %1: [8, 2]
        %3 = leakyRelu %2 slope=0.2: [8, 2]
        %4 = constant 0.125: []
        %5 = multiply %3 %4: [8, 2]
        %6 = leakySlope %3 slope=0.2: [8, 2]
        %7 = multiply %5 %6: [8, 2]
        %8 = matMul %0 %7 transposeA: [3, 2]
        return gw=%8"
    `);
  });
});
