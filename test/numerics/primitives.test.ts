import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { findDifferences, toFeeds } from '../support/arrays.ts';
import { findWrongDerivatives, weightedSum } from '../support/derivative-check.ts';
import { primitiveSamples, type Sample } from '../support/primitive-samples.ts';
import { describeEngines } from '../support/engines.ts';
import { evaluateReference } from '../support/reference.ts';

const samples = Object.entries(primitiveSamples).flatMap(([primitive, list]) =>
  list.map((sample, index) => ({ title: `${primitive}, sample ${index}`, sample })),
);

/** The value, and the derivative with respect to each input. */
function outputsOf({ output, differentiable }: Sample): Record<string, Tensor> {
  const derivatives = gradients(weightedSum(output), differentiable);
  return Object.fromEntries([['y', output], ...derivatives.map((g, index) => [`g${index}`, g] as const)]);
}

describeEngines(['ONNX Runtime', 'TF.js on wasm', 'TF.js on cpu', 'TensorFlow'], 'a primitive', (open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.close());

  async function run({ inputs, feeds }: Sample, outputs: Record<string, Tensor>): Promise<NamedArrays> {
    const session = await executor.compile(createGraph('sample', inputs, outputs));
    const results = await session.run(toFeeds(feeds));
    await session.close();
    return results;
  }

  it.each(samples)('computes value and derivative as defined: $title', async ({ sample }) => {
    const outputs = outputsOf(sample);
    const results = await run(sample, outputs);
    const expected = evaluateReference(Object.values(outputs), sample.feeds);
    const faults = Object.keys(outputs).flatMap((name, index) =>
      findDifferences(results[name], expected[index]!, 3e-6),
    );
    expect(faults).toEqual([]);
  });
});

describe('the derivatives', () => {
  it.each(samples)('agree with central differences to second order: $title', ({ sample }) => {
    const { output, differentiable: xs, feeds } = sample;
    expect(findWrongDerivatives({ f: weightedSum(output), xs, feeds, derivative: gradients })).toEqual([]);
  });
});
