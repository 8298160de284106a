import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { blockedDialect } from '../../src/graph/onnx/blocked/blocked-dialect.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import {
  add,
  averagePool,
  blur,
  channelStatistics,
  convolve,
  divide,
  enlarge,
  greater,
  input,
  leakyRelu,
  multiply,
  select,
  square,
  subtract,
  sum,
  tanh,
} from '../../src/graph/operations.ts';
import { sizeOf } from '../../src/graph/shape.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';

const TOLERANCE = 2e-5;
const SAME = { stride: 1, padding: 1 };

const IMAGE = input('image', [3, 16, 4, 6]);
const [FIRST, SECOND] = [input('first', [32, 16, 3, 3]), input('second', [16, 32, 3, 3])];
const [STYLE, NOISE, BIAS] = [
  input('style', [3, 32, 1, 1]),
  input('noise', [3, 1, 8, 12]),
  input('bias', [1, 32, 1, 1]),
];
const INPUTS = [IMAGE, FIRST, SECOND, STYLE, NOISE, BIAS];

/** A layer of a generator and one of a critic, with all that lies between their convolutions. */
function layers(): { readonly styled: Tensor; readonly judged: Tensor } {
  const large = convolve(blur(enlarge(leakyRelu(convolve(IMAGE, multiply(FIRST, 0.1), SAME), 0.2), 2)), SECOND, SAME);
  const noisy = leakyRelu(add(add(convolve(large, FIRST, SAME), multiply(NOISE, STYLE)), BIAS), 0.2);
  const { mean, deviation } = channelStatistics(noisy);
  const styled = multiply(divide(subtract(noisy, mean), deviation), STYLE);
  const judged = tanh(convolve(averagePool(blur(styled), 2), multiply(SECOND, 0.05), SAME));
  return { styled, judged: select(greater(judged, 0.1), multiply(judged, 2), judged) };
}

/** Sums over each set of axes that networks have, and the derivatives of derivatives of all. */
function between(): Graph {
  const { styled, judged } = layers();
  const sums = {
    ofImages: sum(judged, [1, 2, 3]),
    ofChannels: sum(multiply(styled, styled), [0, 2, 3]),
    ofEach: sum(judged, [2, 3]),
    ofRows: sum(judged, [3]),
  };
  const loss = add(sum(square(sums.ofImages)), multiply(sum(square(sums.ofChannels)), 1e-3));
  const [byImage] = gradients(loss, [IMAGE]);
  const steepness = add(loss, sum(square(byImage!)));
  const derivatives = gradients(steepness, INPUTS).map((each, at) => [`derivative${at}`, each] as const);
  return simplify(createGraph('between', INPUTS, { ...sums, loss, judged, ...Object.fromEntries(derivatives) }));
}

function feeds(): NamedArrays {
  const random = createRandom(11);
  const entries = INPUTS.map(({ attributes: { name }, shape }) => {
    const data = new Float32Array(sizeOf(shape));
    random.stream(name).fillNormal(data, 0);
    return [name, { data, shape: shape as readonly number[] }] as const;
  });
  return Object.fromEntries(entries);
}

describe('what lies between convolutions in blocks', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  it('is what ONNX computes, to the second derivatives of a generator and a critic', async () => {
    const graph = between();
    const [plain, blocked] = [await executor.load(emitGraph(graph)), await executor.compile(graph)];
    const [expected, actual] = [await plain.run(feeds()), await blocked.run(feeds())];
    for (const name of Object.keys(graph.outputs)) {
      const wanted = expected[name]!;
      expect({
        name,
        differences: findDifferences(actual[name], wanted, TOLERANCE, rootMeanSquare(wanted)),
      }).toEqual({ name, differences: [] });
    }
    await plain.close();
    await blocked.close();
  });

  it('stays in them: an image is put in order where it comes in and where it goes out', () => {
    const { judged } = layers();
    const text = Buffer.from(emitGraph(createGraph('forward', INPUTS, { judged }), blockedDialect(16))).toString(
      'latin1',
    );
    const count = (word: string): number => text.split(word).length - 1;
    expect(count('ReorderOutput')).toBe(1);
    for (const plain of ['AveragePool', 'Upsample', 'LeakyRelu']) expect(count(plain)).toBeGreaterThan(0);
    expect(count('Resize')).toBe(0);
  });
});
