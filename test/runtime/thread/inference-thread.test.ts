import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createGraph } from '../../../src/graph/graph.ts';
import { emitGraph } from '../../../src/graph/onnx/emit-graph.ts';
import { exp, input, matMul, multiply, sum } from '../../../src/graph/operations.ts';
import { BATCH } from '../../../src/graph/shape.ts';
import type { NamedArrays } from '../../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../../src/runtime/onnxruntime/executor.ts';
import { type InferenceThread, startInferenceThread } from '../../../src/runtime/thread/inference-thread.ts';
import { type Life, startLife } from '../../../src/runtime/thread/life.ts';
import { type LosableLife, startLosableLife } from '../../support/losable-life.ts';
import { waitUntil } from '../../support/wait-until.ts';

const WIDTH = 8;
const rows = input('rows', [BATCH, WIDTH]);
const mixing = input('mixing', [WIDTH, WIDTH]);
const GRAPH = createGraph('critic', [rows, mixing], { scores: sum(exp(multiply(matMul(rows, mixing), 0.1)), [1]) });
const ONNX = emitGraph(GRAPH);

/** Ordinary numbers, and some next to 0 that flushing would lose. */
function feeds(count: number): NamedArrays {
  const value = (index: number): number => (index % 7 === 0 ? 1e-42 * index : Math.sin(1.7 * index));
  const of = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => value(index));
  return {
    rows: { data: of(count * WIDTH), shape: [count, WIDTH] },
    mixing: { data: of(WIDTH * WIDTH), shape: [WIDTH, WIDTH] },
  };
}

const bytesOf = (results: NamedArrays): string => Buffer.from(results['scores']!.data.slice().buffer).toString('hex');

const threads: InferenceThread[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.close())));

/** A thread that can be lost, with what was said of losses. */
function startThread() {
  const lives: LosableLife[] = [];
  const losses: string[] = [];
  const start = (): Life => {
    lives.push(startLosableLife());
    return lives.at(-1)!;
  };
  const thread = startInferenceThread({ onLoss: (reason) => losses.push(reason), start });
  threads.push(thread);
  const lose: LosableLife['lose'] = (meanwhile) => lives.at(-1)!.lose(meanwhile);
  return { thread, lives, losses, lose };
}

const read = (): Promise<Uint8Array> => Promise.resolve(ONNX);

describe('the inference thread', () => {
  it('answers the same bytes as a session of this thread, numbers next to 0 among them', async () => {
    const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
    const here = await executor.load(ONNX);
    const there = startThread().thread.open(read, 1);
    for (const count of [2, 64, 514]) {
      expect(bytesOf(await there.run(feeds(count)))).toBe(bytesOf(await here.run(feeds(count))));
    }
    await Promise.all([here.close(), there.close()]);
  });

  it('answers what it opens and computes before it is closed: to be ended meanwhile would end the process', async () => {
    const { thread } = startThread();
    const session = thread.open(read, 1);
    await session.run(feeds(2));
    const running = session.run(feeds(200_000));
    const opening = thread.open(read, 1).load();
    await nextTurn();
    await thread.close();
    await opening;
    expect((await running)['scores']!.data).toHaveLength(200_000);
    await expect(session.run(feeds(2))).rejects.toThrow('the inference thread is closed: send the rows again');
  });

  it('takes no more of a buffer along than the rows that are in it, and leaves them as they are', async () => {
    const there = startThread().thread.open(read, 1);
    const all = feeds(6);
    const data = all['rows']!.data.subarray(2 * WIDTH, 4 * WIDTH);
    const part = await there.run({ ...all, rows: { data, shape: [2, WIDTH] } });
    const whole = await there.run(all);
    expect([...part['scores']!.data]).toEqual([...whole['scores']!.data.subarray(2, 4)]);
    expect(all['rows']!.data).toEqual(feeds(6)['rows']!.data);
  });

  it('lets this thread go on while it computes', async () => {
    const there = startThread().thread.open(read, 1);
    await there.load();
    let turns = 0;
    const turn = setInterval(() => turns++, 0);
    await there.run(feeds(200_000));
    clearInterval(turn);
    expect(turns).toBeGreaterThan(10);
  });

  it('says what is wrong with bytes that are no model, and takes others', async () => {
    const { thread } = startThread();
    let bytes: Uint8Array = Uint8Array.of(1, 2, 3);
    const there = thread.open(() => Promise.resolve(bytes), 1);
    await expect(there.run(feeds(2))).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
    bytes = ONNX;
    expect((await there.run(feeds(2)))['scores']!.shape).toEqual([2]);
  });

  it('that is lost fails what is in flight, is replaced and counted, and has its models again', async () => {
    const { thread, losses, lives, lose } = startThread();
    const there = thread.open(read, 1);
    const before = bytesOf(await there.run(feeds(64)));
    const lost = { code: 'UNAVAILABLE', message: expect.stringContaining('send the rows again') };
    const failed: Promise<void>[] = [];
    await lose(async () => {
      for (const count of [100_000, 2]) failed.push(expect(there.run(feeds(count))).rejects.toMatchObject(lost));
      await nextTurn();
    });
    await Promise.all(failed);
    expect(losses).toEqual(['exit code 1']);
    expect(bytesOf(await there.run(feeds(64)))).toBe(before);
    expect(lives).toHaveLength(2);
  });

  it('that is lost again and again rests in between, and says so', async () => {
    const { thread, losses, lose } = startThread();
    const there = thread.open(read, 1);
    await lose();
    await waitUntil('the replacement', () => losses.length === 1);
    await lose();
    await waitUntil('its loss', () => losses.length === 2);
    await expect(there.run(feeds(2))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await waitUntil('another one', () =>
      there.run(feeds(2)).then(
        () => true,
        () => false,
      ),
    );
  });

  it('that cannot be started is tried again later, and says why', async () => {
    const losses: string[] = [];
    let isFull = true;
    const start = (): Life => {
      if (isFull) throw new Error('no more threads');
      return startLife();
    };
    const thread = startInferenceThread({ onLoss: (reason) => losses.push(reason), start });
    threads.push(thread);
    const there = thread.open(read, 1);
    const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining('cannot be started (no more threads)') };
    await expect(there.run(feeds(2))).rejects.toMatchObject(refusal);
    await expect(thread.handoverMs()).rejects.toMatchObject(refusal);
    expect(losses).toEqual(['it cannot be started: no more threads', 'it cannot be started: no more threads']);
    isFull = false;
    await waitUntil('a thread', () => there.run(feeds(2)).catch(() => undefined));
  });

  it('is not replaced once it is closed, and says so', async () => {
    const { thread, losses, lives } = startThread();
    const there = thread.open(read, 1);
    await there.run(feeds(2));
    await thread.close();
    await expect(there.run(feeds(2))).rejects.toMatchObject({ message: expect.stringContaining('is closed') });
    expect([losses, lives.length]).toEqual([[], 1]);
  });

  it('measures the way there and back', async () => {
    const ms = await startThread().thread.handoverMs();
    expect(ms).toBeGreaterThan(0.001);
    expect(ms).toBeLessThan(1000);
  });
});
