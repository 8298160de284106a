import { describe, expect, it } from '@jest/globals';
import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { input, multiply } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import { openNativeSession } from '../../src/runtime/onnxruntime/engine.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';

const x = input('x', [BATCH, 2]);
const graph = createGraph('square', [x], { y: multiply(x, x) });
const feeds = { x: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } };

describe('a session of the CPU', () => {
  it('is one of the addon itself in the version that is installed', () => {
    expect(openNativeSession(emitGraph(graph), {})).toBeDefined();
  });

  it('runs before it returns, and gives what it gives with a promise', async () => {
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    const session = await executor.load(emitGraph(graph));
    const now = session.runNow!(feeds);
    expect([...now['y']!.data]).toEqual([1, 4, 9, 16]);
    expect(now['y']!.shape).toEqual([2, 2]);
    expect(await session.run(feeds)).toEqual(now);
    await session.close();
  });

  it('lets others in between runs', async () => {
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    const session = await executor.load(emitGraph(graph));
    let turns = 0;
    const turn = setInterval(() => turns++, 0);
    while (turns === 0) await session.run(feeds);
    clearInterval(turn);
    expect(turns).toBeGreaterThan(0);
    await session.close();
  });

  it('says what is wrong with bytes that are no model', async () => {
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    await expect(executor.load(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
  });
});
