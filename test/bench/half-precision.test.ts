import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SCOPES, toHalf, type Manner, type Scope } from '../../bench/half/half-precision.ts';
import { comparePValues } from '../../bench/half/measure.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { add, constant, input, isNaN, leakyRelu, matMul, select, sin, subtract } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';

const scopes = Object.keys(SCOPES) as Scope[];

/** A product of one value by 1, with 2000 taken off before: as features are made of raw values, which half precision spaces by 1 there. */
function graphOf(last: (x: ReturnType<typeof input>) => Graph['outputs'][string]): Uint8Array {
  const rows = input('rows', [BATCH, 1]);
  return emitGraph(createGraph('tiny', [rows], { y: last(rows) }));
}

describe('half precision', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  async function run(onnx: Uint8Array, ...values: number[]): Promise<number[]> {
    const session = await executor.load(onnx);
    const { y } = await session.run({ rows: { data: Float32Array.from(values), shape: [values.length, 1] } });
    await session.close();
    return [...y!.data];
  }
  const difference = graphOf((rows) => subtract(select(isNaN(rows), 0, rows), 2049));
  const product = graphOf((rows) => matMul(rows, constant([1], [1, 1])));
  const layer = graphOf((rows) => leakyRelu(add(matMul(rows, constant([1], [1, 1])), constant([0], [1])), 0.5));
  const wave = graphOf((rows) => sin(matMul(rows, constant([1], [1, 1]))));
  /** The neighbours of 1 and of 2048 in half precision are 1 + 2^-10 and 2050. */
  const [nearOne, odd] = [1 + 2 ** -13, 2049];

  it('rounds the operands and results of what it is asked for, and nothing else', async () => {
    const of = (onnx: Uint8Array, scope: Scope, value: number) => run(toHalf(onnx, scope, 'rounded'), value);
    for (const scope of scopes) {
      expect(await of(product, scope, nearOne)).toEqual([1]);
      expect(await of(layer, scope, -nearOne)).toEqual([-0.5]);
    }
    expect(await of(difference, 'whole', odd + 1)).toEqual([2]);
    expect(await of(difference, 'products', odd + 1)).toEqual([1]);
    expect(await of(wave, 'products', nearOne)).toEqual([Math.fround(Math.sin(1))]);
    expect((await of(wave, 'layers', nearOne))[0]).toBeCloseTo(Math.sin(nearOne), 6);
  });

  it.each<Manner>(['rounded', 'computed'])('keeps what half precision holds exactly, %s', async (manner) => {
    for (const scope of scopes) {
      expect(await run(toHalf(layer, scope, manner), 1, -2, 0.25)).toEqual([1, -1, 0.25]);
    }
    expect(await run(toHalf(difference, 'products', manner), NaN, 3000)).toEqual([-2049, 951]);
  });

  it('loses what it cannot hold', async () => {
    expect(await run(toHalf(difference, 'whole', 'rounded'), 100_000)).toEqual([Infinity]);
  });
});

describe('the comparison of p-values', () => {
  // Of ten normal rows, the even ones calibrate: 0, 2, 4, 6, 8.
  const anomalous = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  const scores = Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 7.5]);

  it('finds nothing where the scores are the same', () => {
    expect(comparePValues(scores, scores, anomalous)).toEqual({ worstP: 0, meanP: 0, changed: 0 });
  });

  it('finds a row that has moved past calibration rows', () => {
    const rounded = scores.with(10, 3.5);
    // From (1 + 1) / 6, for 8 alone, to (1 + 3) / 6; one of six rows.
    const { worstP, meanP } = comparePValues(scores, rounded, anomalous);
    expect(worstP).toBeCloseTo(2 / 6, 12);
    expect(meanP).toBeCloseTo(2 / 36, 12);
  });

  it('finds a verdict that is another', () => {
    const many = Float32Array.from({ length: 401 }, (_, at) => at);
    const labels = new Uint8Array(401).fill(1, 400);
    // p of the anomaly falls from 1 / 201 to one: it is no longer flagged at 1 %; the other 200 stay.
    expect(comparePValues(many, many.with(400, -1), labels).changed).toBeCloseTo(1 / 201, 12);
  });
});
