import { describe, expect, it } from '@jest/globals';
import { createGraph } from '../../../src/graph/graph.ts';
import { emitGraph } from '../../../src/graph/onnx/emit-graph.ts';
import { clip, constant, cos, exp, input, matMul, reshape } from '../../../src/graph/operations.ts';
import { BATCH } from '../../../src/graph/shape.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../../src/models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../../src/runtime/onnxruntime/executor.ts';
import { type SingleRowParts, withSingleRow } from '../../../src/scoring/inference/single-row.ts';

import { trialRows } from '../../../src/scoring/inference/trial-rows.ts';

const WIDTH = 4;
const weights = constant([0.5, -1, 2, 0.25], [WIDTH, 1]);

/** So slow that whatever is measured, the program is faster. */
const SLOW_MS = 2;

interface Counted extends Session {
  /** Rows of each of its runs. */
  readonly runs: number[];
}

async function openSlow(onnx: Uint8Array, change = (scores: Float32Array): Float32Array => scores): Promise<Counted> {
  const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  const session = await executor.load(onnx);
  const runs: number[] = [];
  const runNow = (feeds: NamedArrays): NamedArrays => {
    runs.push(feeds[ROWS_INPUT]!.shape[0]!);
    const untilMs = performance.now() + SLOW_MS;
    while (performance.now() < untilMs);
    const { data, shape } = session.runNow!(feeds)[SCORES_OUTPUT]!;
    return { [SCORES_OUTPUT]: { data: change(data), shape } };
  };
  return { ...session, runNow, runs };
}

function modelOf(score: (x: Tensor) => Tensor): Uint8Array {
  const rows = input(ROWS_INPUT, [BATCH, WIDTH]);
  return emitGraph(createGraph('critic', [rows], { [SCORES_OUTPUT]: reshape(matMul(score(rows), weights), [BATCH]) }));
}

function scores(session: Session, ...rows: number[]): number[] {
  const feeds = { [ROWS_INPUT]: { data: Float32Array.from(rows), shape: [rows.length / WIDTH, WIDTH] } };
  return [...session.runNow!(feeds)[SCORES_OUTPUT]!.data];
}

const FIELDS = Array.from(
  { length: WIDTH },
  (_, index) => ({ name: `f${index}`, kind: 'number', missing: false, integer: false }) as const,
);
const partsOf = (onnx: Uint8Array, rows = trialRows({ fields: FIELDS, excluded: [] }, [])): SingleRowParts => ({
  ...{ onnx, rowWidth: WIDTH, trialRows: rows },
});

const model = modelOf((x) => cos(clip(x, -20, 20)));
const [A, B] = [
  [0.1, 0.2, 0.3, 0.4],
  [1, 2, 3, 4],
] as const;

const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('a row that comes alone', () => {
  it('is computed by the program, several together by the session, and to the same bits', async () => {
    const slow = await openSlow(model);
    const { session, description } = withSingleRow(slow, partsOf(model));
    expect(description).toContain('a row that comes alone by the model');
    slow.runs.length = 0;
    const alone = [scores(session, ...A), scores(session, ...B)].flat();
    expect(slow.runs).toEqual([]);
    expect(scores(session, ...A, ...B)).toEqual(alone);
    expect(slow.runs).toEqual([2]);
    await session.close();
  });

  it('gives answers that stay when the next one comes', async () => {
    const { session } = withSingleRow(await openSlow(model), partsOf(model));
    const feeds = { [ROWS_INPUT]: { data: Float32Array.from(A), shape: [1, WIDTH] } };
    const first = session.runNow!(feeds)[SCORES_OUTPUT]!.data;
    const before = [...first];
    scores(session, ...B);
    expect([...first]).toEqual(before);
    await session.close();
  });

  it('goes through the session where the program is not sure of it', async () => {
    const unbounded = modelOf(cos);
    const slow = await openSlow(unbounded);
    const { session } = withSingleRow(slow, partsOf(unbounded));
    slow.runs.length = 0;
    const [large] = scores(session, 1e6, 2, 3, 4);
    expect(slow.runs).toEqual([1]);
    expect(scores(session, 1e6, 2, 3, 4, ...A)[0]).toBe(large);
    await session.close();
  });

  it('goes through the session where one score of those that are tried differs in its last bit', async () => {
    const nudged = (values: Float32Array): Float32Array => {
      const bits = new Uint32Array(values.slice().buffer);
      if (bits.length > 3) bits[3]!++;
      return new Float32Array(bits.buffer);
    };
    const slow = await openSlow(model, nudged);
    const { session, description } = withSingleRow(slow, partsOf(model));
    expect(description).toBe('; no row program: its bits are others');
    expect(session).toBe(slow);
    await session.close();
  });

  it('goes through the session where the rows that are tried tell too little', async () => {
    const slow = await openSlow(model);
    const alike = new Float32Array(40 * WIDTH).fill(0.5);
    const { session, description } = withSingleRow(slow, partsOf(model, alike));
    expect(session).toBe(slow);
    expect(description).toBe('; no row program: the rows tried have 1 different scores, too few to go by');
    await slow.close();
  });

  it('goes through the session where that fails at the rows that are tried', async () => {
    const slow = await openSlow(model);
    const failing = {
      ...slow,
      runNow: () => {
        throw new Error('no such input');
      },
    };
    const { session, description } = withSingleRow(failing, partsOf(model));
    expect([session, description]).toEqual([failing, '; no row program: no such input']);
    await slow.close();
  });

  it('goes through the session where the model has an operator whose bits are not known', async () => {
    const other = modelOf(exp);
    const slow = await openSlow(other);
    expect(withSingleRow(slow, partsOf(other))).toEqual({ session: slow, description: '; no row program: exp' });
    await slow.close();
  });
});

describe('a session that does not run before it returns', () => {
  it('is left as it is', () => {
    const session: Session = { run: () => Promise.reject(new Error('not here')), close: () => Promise.resolve() };
    expect(withSingleRow(session, partsOf(model))).toEqual({ session, description: '' });
  });
});
