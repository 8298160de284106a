import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import {
  add,
  constant,
  gatherRows,
  input,
  matMul,
  mean,
  multiply,
  square,
  subtract,
  sum,
} from '../../src/graph/operations.ts';
import type { StepProgram } from '../../src/graph/program.ts';
import { BATCH } from '../../src/graph/shape.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { loadTfjs, TFJS_PACKAGES, type Tf, type TfjsPackage } from '../../src/runtime/tfjs/load.ts';
import { describeEngines } from '../support/engines.ts';
import { needs } from '../support/needs.ts';

const numbers = (shape: number[], ...data: number[]): { shape: number[]; data: Float32Array } => ({
  shape,
  data: Float32Array.from(data),
});

const DESCRIPTIONS: Readonly<Record<string, RegExp>> = {
  'TF.js on wasm': /^@tensorflow\/tfjs-backend-wasm 4\.22\.0, backend wasm$/,
  'TF.js on cpu': /^@tensorflow\/tfjs-backend-cpu 4\.22\.0, backend cpu$/,
  TensorFlow: /^@tensorflow\/tfjs-node-gpu 4\.22\.0, TensorFlow 2\.\d+\.\d+ on (processors, 1 thread|a GPU)$/,
};

/** Descent on |w - mean of the rows drawn|^2, with the sum of all weights reported. */
function descent(): { program: StepProgram; feeds: (steps: number) => NamedArrays } {
  const [w, table, rows] = [input('w', [1, 2]), input('table', [3, 2]), input('rows', [2])];
  const target = mean(gatherRows(table, rows), [0], true);
  const next = subtract(w, multiply(subtract(w, target), 0.5));
  const reports = { loss: sum(square(subtract(w, target))), total: sum(w) };
  return {
    program: { name: 'descent', state: [{ input: w, next }], shared: [table], perStep: [rows], reports },
    feeds: (steps) => ({
      w: numbers([1, 2], 8, 0),
      table: numbers([3, 2], 0, 0, 4, 0, 0, 8),
      rows: numbers([steps, 2], ...Array.from({ length: steps }, (_, step) => [0, step % 3]).flat()),
    }),
  };
}

describeEngines(['TF.js on wasm', 'TF.js on cpu', 'TensorFlow'], 'the executor on TF.js', (open, name) => {
  let executor: Executor;
  /** The TF.js that the engine runs on. */
  let tf: Tf;
  beforeAll(async () => {
    executor = await open();
    const packages = [executor.description.split(' ')[0] as TfjsPackage];
    ({ tf } = await loadTfjs({ packages, threads: 1, warn: () => undefined }));
  });
  afterAll(() => executor.close());

  it('says what it runs on', () => {
    expect(executor.device).toBe('tfjs');
    expect(executor.description).toMatch(DESCRIPTIONS[name]!);
  });

  it('runs steps with the state carried on, and answers with a report for each', async () => {
    const { program, feeds } = descent();
    const session = await executor.compileSteps(program);
    const results = await session.run(3, feeds(3));
    // Targets are (0, 0), (2, 0), (0, 4); each step goes half the way.
    expect([...results['state.w']!.data]).toEqual([1.5, 2]);
    expect([...results['report.loss']!.data]).toEqual([64, 4, 25]);
    expect([...results['report.total']!.data]).toEqual([8, 4, 3]);
    expect(results['report.total']!.shape).toEqual([3]);
  });

  it('goes on from a state as if it had not stopped', async () => {
    const { program, feeds } = descent();
    const session = await executor.compileSteps(program);
    const whole = await session.run(6, feeds(6));
    const half = await session.run(3, feeds(3));
    const rest = await session.run(3, { ...feeds(3), w: half['state.w']! });
    expect(rest['state.w']).toEqual(whole['state.w']);
  });

  it('leaves no tensor behind after 100 steps, after a graph, and after a failure', async () => {
    const { program, feeds } = descent();
    const session = await executor.compileSteps(program);
    const graph = await executor.compile(createGraph('one', [program.state[0]!.input], { y: program.state[0]!.input }));
    const before = tf.memory().numTensors;
    await session.run(100, feeds(100));
    await graph.run({ w: numbers([1, 2], 1, 2) });
    await expect(graph.run({})).rejects.toThrow('one was run without its input w');
    const { rows, ...others } = feeds(1);
    expect(rows).toBeDefined();
    await expect(session.run(1, others)).rejects.toThrow('the step was run without its input rows');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps its constants between runs, and gives them back with the session', async () => {
    const x = input('x', [2]);
    const weights = constant([1, 2, 3, 4], [2, 2]);
    const before = tf.memory().numTensors;
    const session = await executor.compile(createGraph('kept', [x], { y: add(sum(weights, [0]), x), weights }));
    const kept = tf.memory().numTensors - before;
    expect(kept).toBe(2);
    for (let run = 0; run < 3; run++) {
      const results = await session.run({ x: numbers([2], 10, run) });
      expect([...results['y']!.data]).toEqual([14, 6 + run]);
      expect([...results['weights']!.data]).toEqual([1, 2, 3, 4]);
      expect(tf.memory().numTensors).toBe(before + kept);
    }
    await session.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives two outputs that are one tensor each a value, and takes the batch from the call', async () => {
    const [x, w] = [input('x', [BATCH, 2]), input('w', [2, 1])];
    const y = add(matMul(x, w), 1);
    const session = await executor.compile(createGraph('twice', [x, w], { y, again: y, x2: x }));
    const weights = numbers([2, 1], 1, 10);
    const results = await session.run({ x: numbers([3, 2], 1, 2, 3, 4, 5, 6), w: weights });
    expect([...results['y']!.data]).toEqual([22, 44, 66]);
    expect(results['again']).toEqual(results['y']);
    expect((await session.run({ x: numbers([1, 2], 1, 2), w: weights }))['y']!.shape).toEqual([1, 1]);
  });

  it('opens an ONNX file of ours, and refuses what is none', async () => {
    const x = input('x', [BATCH, 2]);
    const session = await executor.load(emitGraph(createGraph('file', [x], { y: add(square(x), 1) })));
    const { y } = await session.run({ x: numbers([2, 2], 1, 2, 3, 4) });
    expect(y).toEqual(numbers([2, 2], 2, 5, 10, 17));
    await session.close();
    await expect(executor.load(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
  });
});

describe('the choice of a TF.js package', () => {
  it('is the first that is installed, without a word about those that are not', async () => {
    const warnings: string[] = [];
    const options = { threads: 1, warn: (message: string) => warnings.push(message) };
    const { packageName } = await loadTfjs(options);
    expect(packageName).toBe(TFJS_PACKAGES[needs('tensorflow').available ? 0 : 2]);
    const { packageName: next } = await loadTfjs({ ...options, packages: TFJS_PACKAGES.slice(1) });
    expect(next).toBe('@tensorflow/tfjs-backend-wasm');
    expect(warnings).toEqual([]);
  });

  it('fails, where none is there, with what to install', async () => {
    const options = { threads: 1, packages: ['@tensorflow/tfjs-node' as const], warn: () => undefined };
    await expect(loadTfjs(options)).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: expect.stringMatching(
        /^device tfjs cannot be used here: none of @tensorflow\/tfjs-node .*"npm run setup:tfjs".*npm install/,
      ) as unknown,
    });
  });

  it('is no choice where ARISTARCH_TFJS names a folder that has none', async () => {
    const named = process.env['ARISTARCH_TFJS'];
    process.env['ARISTARCH_TFJS'] = '/nowhere/at/all';
    try {
      await expect(loadTfjs({ threads: 1, warn: () => undefined })).rejects.toMatchObject({
        code: 'DEVICE_UNAVAILABLE',
        message: expect.stringMatching(
          /ARISTARCH_TFJS names \/nowhere\/at\/all, and Cannot find module .*npm run setup:tfjs/,
        ) as unknown,
      });
    } finally {
      if (named === undefined) delete process.env['ARISTARCH_TFJS'];
      else process.env['ARISTARCH_TFJS'] = named;
    }
  });

  it('leaves no listener that would print the source of the wasm file at an uncaught exception', async () => {
    await loadTfjs({ threads: 1, packages: ['@tensorflow/tfjs-backend-wasm'], warn: () => undefined });
    const sources = process.listeners('uncaughtException').map(String);
    expect(sources.filter((source) => source.includes('ExitStatus'))).toEqual([]);
  });

  it('is what --device tfjs opens', async () => {
    const executor = await openExecutor({ device: 'tfjs', threads: 1, warn: () => undefined });
    expect(executor.device).toBe('tfjs');
    await executor.close();
  });
});
