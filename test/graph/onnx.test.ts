import { describe, expect, it } from '@jest/globals';
import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { emitLoop, STEP_COUNT } from '../../src/graph/onnx/emit-loop.ts';
import { add, input, matMul, scatterRows, sum } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { findDifferences, rootMeanSquare, toFeeds } from '../support/arrays.ts';
import { readGolden } from '../support/golden.ts';
import { goldenFeeds, goldenTask } from '../support/golden-task.ts';
import { needs } from '../support/needs.ts';
import { primitiveSamples } from '../support/primitive-samples.ts';
import { runInPython, toPython } from '../support/python-onnx.ts';
import { evaluateReference, type Doubles } from '../support/reference.ts';

describe('emission', () => {
  const golden = readGolden();

  it('gives the same bytes for the same program, twice', () => {
    const [first, second] = [emitLoop(goldenTask(golden).program), emitLoop(goldenTask(golden).program)];
    expect(first.length).toBeGreaterThan(10_000);
    expect(Buffer.compare(first, second)).toBe(0);
  });

  it('lets inputs, outputs and state have any name, those of its own values included', async () => {
    const [c0, v0] = [input('x', [2]), input('v0', [2])];
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    const y = add(add(c0, 1), v0);
    const feeds = toFeeds({
      x: { shape: [2], data: Float64Array.of(1, 2) },
      v0: { shape: [2], data: Float64Array.of(10, 20) },
    });
    const session = await executor.compile(createGraph('names', [c0, v0], { c0: y, v1: y, condition: v0 }));
    const results = await session.run(feeds);
    expect([...results['c0']!.data, ...results['v1']!.data, ...results['condition']!.data]).toEqual([
      ...[12, 23, 12, 23],
      ...[10, 20],
    ]);
    const [step, condition] = [input('step', [2]), input('condition', [2])];
    const loop = await executor.compileSteps({
      name: 'names',
      state: [
        { input: step, next: add(step, condition) },
        { input: condition, next: condition },
      ],
      shared: [],
      perStep: [],
      reports: { again: sum(step) },
    });
    const state = toFeeds({
      step: { shape: [2], data: Float64Array.of(1, 1) },
      condition: { shape: [2], data: Float64Array.of(1, 2) },
    });
    const after = await loop.run(3, state);
    expect([...after['state.step']!.data, ...after['report.again']!.data]).toEqual([4, 7, 2, 5, 8]);
  });

  it('scatters the rows of a batch whose length is not known', async () => {
    const [updates, indices] = [input('updates', [BATCH, 2]), input('indices', [BATCH])];
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    const session = await executor.compile(
      createGraph('s', [updates, indices], { y: scatterRows(updates, indices, 3) }),
    );
    const results = await session.run(
      toFeeds({
        updates: { shape: [3, 2], data: Float64Array.of(1, 2, 3, 4, 5, 6) },
        indices: { shape: [3], data: Float64Array.of(2, 0, 2) },
      }),
    );
    expect([...results['y']!.data]).toEqual([3, 4, 0, 0, 6, 8]);
  });
});

needs('python:onnx', 'python:onnxruntime').describe('onnx.checker and the onnxruntime of Python', () => {
  it('accept every primitive and compute it as defined', () => {
    const isPlain = (feeds: Readonly<Record<string, Doubles>>): boolean =>
      Object.values(feeds).every(({ data }) => data.every(Number.isFinite));
    const samples = Object.entries(primitiveSamples).flatMap(([primitive, list]) =>
      list.filter(({ feeds }) => isPlain(feeds)).map((sample) => ({ ...sample, primitive })),
    );
    const answers = runInPython(
      samples.map(({ primitive, inputs, output, feeds }) => ({
        onnx: emitGraph(createGraph(primitive, inputs, { y: output })),
        feeds: toPython(toFeeds(feeds)),
      })),
    );
    const faults = samples.flatMap(({ primitive, output, feeds }, index) => {
      const expected = evaluateReference([output], feeds)[0]!;
      return findDifferences(answers[index]!['y'], expected, 3e-6).map((fault) => `${primitive} ${fault}`);
    });
    expect(answers.length).toBeGreaterThan(80);
    expect(faults).toEqual([]);
  });

  it('accept a graph with an open batch dimension, of any length', () => {
    const [x, w] = [input('x', [BATCH, 2]), input('w', [2, 1])];
    const onnx = emitGraph(createGraph('open', [x, w], { y: add(matMul(x, w), 1) }));
    const call = (...rows: number[]): ReturnType<typeof toPython> =>
      toPython({
        x: { shape: [rows.length / 2, 2], data: Float32Array.from(rows) },
        w: { shape: [2, 1], data: Float32Array.of(1, 10) },
      });
    const answers = runInPython([
      { onnx, feeds: call(1, 2) },
      { onnx, feeds: call(1, 2, 3, 4, 5, 6) },
    ]);
    expect(answers.map(({ y }) => y)).toEqual([
      { shape: [1, 1], data: [22] },
      { shape: [3, 1], data: [22, 44, 66] },
    ]);
  });

  it('accept the Loop of a whole WGAN-GP, and train as PyTorch did', () => {
    const golden = readGolden();
    const steps = { type: 'int64', shape: [], data: [golden.steps] } as const;
    const feeds = { ...toPython(goldenFeeds(golden)), [STEP_COUNT]: steps };
    const [answer] = runInPython([{ onnx: emitLoop(goldenTask(golden).program), feeds }]);
    for (const [name, wanted] of Object.entries(golden.losses)) {
      const expected = { shape: [golden.steps], data: Float32Array.from(wanted) };
      const faults = findDifferences(answer![`report.${name}`], expected, 1e-5, rootMeanSquare(expected));
      expect({ name, faults }).toEqual({ name, faults: [] });
    }
  });
});
