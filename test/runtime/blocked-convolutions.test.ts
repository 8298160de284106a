import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createRandom } from '../../src/base/philox.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { blockedDialect } from '../../src/graph/onnx/blocked/blocked-dialect.ts';
import { PORTABLE, type Dialect } from '../../src/graph/onnx/dialect.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { emitLoop, STEP_COUNT } from '../../src/graph/onnx/emit-loop.ts';
import {
  add,
  averagePool,
  convolve,
  convolveTransposed,
  input,
  leakyRelu,
  mean,
  multiply,
  reshape,
  square,
  subtract,
  sum,
} from '../../src/graph/operations.ts';
import type { StepProgram } from '../../src/graph/program.ts';
import { BATCH, sizeOf } from '../../src/graph/shape.ts';
import { simplify } from '../../src/graph/simplify.ts';
import { createTensor, type Tensor } from '../../src/graph/tensor.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { createCpuDialects } from '../../src/runtime/onnxruntime/cpu-dialect.ts';
import { InferenceSession, Tensor as OrtTensor } from '../../src/runtime/onnxruntime/engine.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { sessionOptions } from '../../src/runtime/onnxruntime/session-options.ts';
import { fromTensors, toTensors } from '../../src/runtime/onnxruntime/tensors.ts';
import { CONVOLUTION_CASES, type ConvolutionCase } from '../support/convolution-cases.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';

const TOLERANCE = 2e-5;

/** Numbers of a normal distribution for each input. */
function feedsFor(inputs: readonly Tensor<'input'>[]): NamedArrays {
  const random = createRandom(7);
  const entries = inputs.map(({ attributes: { name }, shape }) => {
    const data = new Float32Array(sizeOf(shape));
    random.stream(name).fillNormal(data, 0);
    return [name, { data, shape: shape as readonly number[] }] as const;
  });
  return Object.fromEntries(entries);
}

/** The convolution, and the three primitives that its derivatives to second order are made of. */
function graphOf({ batch, channels, out, image, kernel, stride, padding }: ConvolutionCase): Graph {
  const x = input('x', [batch, channels, ...image]);
  const w = input('w', [out, channels, ...kernel]);
  const forward = convolve(x, w, { stride, padding });
  const y = input('y', forward.shape);
  return createGraph('convolution', [x, w, y], {
    forward,
    byImage: createTensor('convolveTransposed', [y, w], { stride, padding, size: image }),
    byKernel: createTensor('convolveKernel', [x, y], { stride, padding, size: kernel }),
  });
}

/** By a kernel of 32 channels to 32, which are whole blocks of 16 and of 8, as the images are: a form that has the block in it. */
function oneConvolution(): [Tensor<'input'>[], Record<string, Tensor>] {
  const [x, y] = [input('x', [16, 32, 5, 5]), input('y', [16, 32, 5, 5])];
  return [[x, y], { kernel: createTensor('convolveKernel', [x, y], { stride: 1, padding: 1, size: [3, 3] }) }];
}

/** Whether ONNX Runtime has blocks here, as far as that can be told: AVX2 or AVX-512 of an x64 processor under Linux. */
const hasVectors =
  process.platform === 'linux' && process.arch === 'x64' && /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));

/** A critic's step with R1: loss of real and made images, and the square of the derivative by the real ones, descended along all weights. */
function r1Step(): StepProgram {
  const images = [16, 3, 8, 8];
  const [real, fake] = [input('real', images), input('fake', images)];
  const shapes = { first: [16, 3, 1, 1], second: [16, 16, 3, 3], third: [32, 16, 3, 3], bias: [32] };
  const entries = Object.entries(shapes).map(([name, shape]) => [name, input(name, shape)] as const);
  const weights = Object.fromEntries(entries) as { readonly [N in keyof typeof shapes]: Tensor<'input'> };
  const critic = (x: Tensor): Tensor => {
    const first = leakyRelu(convolve(x, multiply(weights.first, 0.5), { stride: 1, padding: 0 }), 0.2);
    const second = leakyRelu(convolve(first, multiply(weights.second, 0.1), { stride: 1, padding: 1 }), 0.2);
    const third = convolve(averagePool(second, 2), multiply(weights.third, 0.1), { stride: 1, padding: 1 });
    return sum(leakyRelu(add(third, reshape(weights.bias, [1, 32, 1, 1])), 0.2), [1, 2, 3]);
  };
  const f = critic(real);
  const [g] = gradients(f, [real]);
  const penalty = mean(sum(square(g!), [1, 2, 3]));
  const loss = add(mean(subtract(square(critic(fake)), f)), penalty);
  const inputs = Object.values(weights);
  const derivatives = gradients(loss, inputs);
  return {
    ...{ name: 'r1', shared: [real, fake], perStep: [], reports: { loss, penalty } },
    state: inputs.map((each, at) => ({ input: each, next: subtract(each, multiply(derivatives[at]!, 1e-5)) })),
  };
}

/** The inputs of the step, in the order of its file. */
const inputsOf = ({ state, shared }: StepProgram): Tensor<'input'>[] => [
  ...state.map(({ input: each }) => each),
  ...shared,
];

describe("convolutions in the processor's blocks", () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  it.each(CONVOLUTION_CASES)('give what those of ONNX give: one $title, and both derivatives', async (of) => {
    const graph = graphOf(of);
    const feeds = feedsFor(graph.inputs);
    const plain = await executor.load(emitGraph(graph, PORTABLE));
    const blocked = await executor.compile(graph);
    const [expected, actual] = [await plain.run(feeds), await blocked.run(feeds)];
    for (const name of Object.keys(graph.outputs)) {
      const wanted = expected[name]!;
      expect(findDifferences(actual[name], wanted, TOLERANCE, rootMeanSquare(wanted))).toEqual([]);
    }
    await plain.close();
    await blocked.close();
  });

  it('give the same second derivatives in a step with R1, and the same bytes each time', async () => {
    const program = r1Step();
    const feeds = feedsFor(inputsOf(program));
    const plain = await InferenceSession.create(emitLoop(program), sessionOptions('cpu', 1));
    const blocked = await executor.compileSteps(program);
    const count = new OrtTensor('int64', BigInt64Array.of(3n), []);
    const expected = fromTensors(await plain.run({ ...toTensors(feeds), [STEP_COUNT]: count }));
    const actual = await blocked.run(3, feeds);
    for (const [name, wanted] of Object.entries(expected)) {
      expect(findDifferences(actual[name], wanted, TOLERANCE, rootMeanSquare(wanted))).toEqual([]);
    }
    expect(expected['report.loss']!.data[2]).not.toBe(expected['report.loss']!.data[0]);
    expect(await blocked.run(3, feeds)).toEqual(actual);
    await plain.release();
    await blocked.close();
  });
});

describe('the dialect of blocks', () => {
  it('is found where the processor has such instructions, and wrong with another block than its own', async () => {
    const graph = createGraph('one', ...oneConvolution());
    const feeds = feedsFor(graph.inputs);
    const dialect = await createCpuDialects(1)(Object.values(graph.outputs));
    const answerIn = async (said: Dialect): Promise<Float32Array> => {
      const session = await InferenceSession.create(emitGraph(graph, said), sessionOptions('cpu', 1));
      try {
        return fromTensors(await session.run(toTensors(feeds)))['kernel']!.data;
      } finally {
        await session.release();
      }
    };
    const right = await answerIn(PORTABLE);
    const farFrom = (answer: Float32Array): number =>
      Math.max(...answer.map((value, at) => Math.abs(value - right[at]!)));
    expect(farFrom(await answerIn(dialect))).toBeLessThan(1e-3);
    if (!hasVectors) return;
    expect(dialect).not.toBe(PORTABLE);
    // The wrong one is refused where shapes do not fit, or gives other numbers.
    const errors = await Promise.all(
      [16, 8].map((block) => answerIn(blockedDialect(block)).then(farFrom, () => Infinity)),
    );
    expect(errors.filter((error) => error < 1e-3)).toHaveLength(1);
    expect(errors.filter((error) => error > 1)).toHaveLength(1);
  });

  it('is for kernels that are values: those by constants the library puts in blocks itself, in files alike', async () => {
    const dialectFor = createCpuDialects(1);
    const x = input('x', [1, 32, 4, 4]);
    const constantKernel = createTensor('constant', [], {
      values: new Float32Array(32 * 32 * 9),
      shape: [32, 32, 3, 3],
    });
    const by = { stride: 1, padding: 1 };
    expect(await dialectFor([convolve(x, constantKernel, by)])).toBe(PORTABLE);
    expect(await dialectFor([add(x, 1)])).toBe(PORTABLE);
    if (hasVectors) expect(await dialectFor([convolve(x, input('kernel', [32, 32, 3, 3]), by)])).not.toBe(PORTABLE);
  });

  const own = (onnx: Uint8Array): boolean => Buffer.from(onnx).includes('com.microsoft.nchwc');

  it('has the own operators of ONNX Runtime in it, which a file has not', () => {
    const graph = simplify(graphOf(CONVOLUTION_CASES[0]!));
    expect(own(emitGraph(graph, blockedDialect(16)))).toBe(true);
    expect(own(emitGraph(graph))).toBe(false);
    expect(own(emitLoop(r1Step(), blockedDialect(16)))).toBe(true);
  });

  it('leaves what is no whole blocks as ONNX has it', () => {
    const { outputs, inputs } = graphOf(CONVOLUTION_CASES.find(({ channels }) => channels === 33)!);
    const graph = createGraph('odd', inputs, outputs);
    expect(Buffer.compare(emitGraph(graph, blockedDialect(16)), emitGraph(graph))).toBe(0);
  });

  it('leaves the derivative by strides as ONNX has it where images are as many as come', () => {
    const [y, kernel] = [input('y', [BATCH, 32, 4, 4]), input('kernel', [32, 32, 4, 4])];
    const x = convolveTransposed(y, kernel, { stride: 2, padding: 1, size: [8, 8] });
    const graph = createGraph('any', [y, kernel], { x });
    expect(Buffer.compare(emitGraph(graph, blockedDialect(16)), emitGraph(graph))).toBe(0);
  });
});
