import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import {
  averagePool,
  blur,
  constant,
  convolve,
  convolveTransposed,
  enlarge,
  input,
  leakyRelu,
  matMul,
  mean,
  reshape,
  square,
  sum,
  tanh,
} from '../../src/graph/operations.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { describeEngines } from '../support/engines.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';

const numbers = z.array(z.number());
const goldenSchema = z.strictObject({
  madeBy: z.string(),
  image: numbers,
  weights: z.record(z.enum(['first', 'second', 'last']), z.strictObject({ shape: numbers, values: numbers })),
  output: numbers,
  inputGradient: numbers,
  penalty: z.number(),
  penaltyGradients: z.record(z.enum(['first', 'second', 'last']), numbers),
});
const golden = goldenSchema.parse(
  JSON.parse(readFileSync(new URL('../golden/convolutions.json', import.meta.url), 'utf8')),
);
const NAMES = ['first', 'second', 'last'] as const;
const IMAGE = [2, 3, 8, 6];

/** The critic of test/golden/make_convolutions.py. */
function critic(x: Tensor, [first, second, last]: readonly Tensor[]): Tensor {
  const h = leakyRelu(convolve(x, first!, { stride: 2, padding: 1 }), 0.2); // [2, 4, 4, 3]
  const up = blur(convolveTransposed(h, second!, { stride: 2, padding: 1, size: [8, 6] }));
  return matMul(reshape(enlarge(averagePool(tanh(up), 2), 2), [2, 96]), last!);
}

describeEngines(['ONNX Runtime', 'TF.js on wasm', 'TensorFlow'], 'a convolutional critic as PyTorch has it', (open) => {
  let executor: Executor;
  let actual: NamedArrays;
  beforeAll(async () => {
    executor = await open();
    const x = input('x', IMAGE);
    const weights = NAMES.map((name) => constant(golden.weights[name].values, golden.weights[name].shape));
    const y = critic(x, weights);
    const [g] = gradients(y, [x]);
    const penalty = mean(sum(square(g!), [1, 2, 3]));
    const derivatives = gradients(penalty, weights).map((each, index) => [NAMES[index]!, each] as const);
    const outputs = { output: y, inputGradient: g!, penalty, ...Object.fromEntries(derivatives) };
    const session = await executor.compile(simplify(createGraph('golden', [x], outputs)));
    actual = await session.run({ x: { data: Float32Array.from(golden.image), shape: IMAGE } });
    await session.close();
  });
  afterAll(() => executor.close());

  const wanted: Readonly<Record<string, readonly number[]>> = {
    output: golden.output,
    inputGradient: golden.inputGradient,
    penalty: [golden.penalty],
    ...golden.penaltyGradients,
  };
  it.each(Object.keys(wanted))('has the same %s, to a hundred-thousandth', (name) => {
    const expected = { shape: actual[name]!.shape, data: Float32Array.from(wanted[name]!) };
    expect(findDifferences(actual[name], expected, 1e-5, rootMeanSquare(expected))).toEqual([]);
  });
});
