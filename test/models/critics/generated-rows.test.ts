import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input } from '../../../src/graph/operations.ts';
import { BATCH } from '../../../src/graph/shape.ts';
import { levelNoise, toGeneratedRows } from '../../../src/models/critics/generated-rows.ts';
import type { Transform } from '../../../src/models/features/transform.ts';
import { applyMap } from '../../../src/models/marginals.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

/** One number that may be missing, a category of three levels, and the unseen one. */
const TRANSFORM: Transform = {
  numbers: [
    {
      ...{ name: 'n', slot: 0, unit: 0, signedLog: false, integer: false, imputed: 0, smallest: -9, largest: 9 },
      ...{ mean: 0, deviation: 1, centre: 0 },
    },
  ],
  cycles: [],
  levels: [
    { name: 'n', slot: 0, unit: 0, span: 1, of: 'presence', count: 2, missingIndex: 1, largestIndex: 1 },
    { name: 'c', slot: 1, unit: 1, span: 1, of: 'value', count: 4, missingIndex: 3, largestIndex: 3 },
  ],
  fixed: [],
  clip: 20,
};
const ROWS = 20_000;
/** A number, present or missing, three levels and the unseen one. */
const LOGITS = [1.5, Math.log(0.97), Math.log(0.03), Math.log(0.9), Math.log(0.098), Math.log(0.002), 9];

async function drawRows(): Promise<Float32Array> {
  const noise = new Float32Array(ROWS * levelNoise(TRANSFORM));
  createRandom(3).stream('noise').fillNormal(noise, 0);
  const [outputs, z] = [input('outputs', [BATCH, 7]), input('noise', [BATCH, 12])];
  const graph = createGraph('rows', [outputs, z], { rows: toGeneratedRows(outputs, z, TRANSFORM) });
  const session = await executor.compile(graph);
  const results = await session.run({
    outputs: { data: Float32Array.from({ length: 7 * ROWS }, (_, at) => LOGITS[at % 7]!), shape: [ROWS, 7] },
    noise: { data: noise, shape: [ROWS, 12] },
  });
  await session.close();
  return results['rows']!.data;
}

describe('generated rows', () => {
  it('have each level as often as its probability says, rare ones too, and never the unseen one', async () => {
    const rows = await drawRows();
    const shareOf = (start: number, count: number, level: number): number => {
      let hits = 0;
      for (let row = 0; row < ROWS; row++) {
        const own = rows.subarray(7 * row + start, 7 * row + start + count);
        if (own.indexOf(Math.max(...own)) === level) hits++;
      }
      return hits / ROWS;
    };
    // Four standard deviations of 20,000 draws.
    const bound = (p: number): number => 4 * Math.sqrt((p * (1 - p)) / ROWS);
    for (const [start, count, level, p] of [
      [1, 2, 1, 0.03],
      [3, 4, 0, 0.9],
      [3, 4, 1, 0.098],
      [3, 4, 2, 0.002],
    ] as const) {
      expect(Math.abs(shareOf(start, count, level) - p)).toBeLessThan(bound(p));
    }
    expect(shareOf(3, 4, 3)).toBe(0);
  });

  it('are expanded rows: numbers as they are, and the indicators of a column sum to their height', async () => {
    const rows = await drawRows();
    for (let row = 0; row < 100; row++) {
      const [number, ...indicators] = rows.subarray(7 * row, 7 * row + 7);
      expect(number).toBe(1.5);
      expect(indicators[0]! + indicators[1]!).toBeCloseTo(2, 4);
      expect(indicators.slice(2).reduce((sum, each) => sum + each)).toBeCloseTo(2, 4);
    }
  });
});

describe('a rising map', () => {
  it('is value + rise (x - start) / width in each piece, constant at the ends, exact where it does not rise', async () => {
    const map = {
      thresholds: [-1, 2],
      pieces: [
        { value: 0.1, rise: 0, start: -3, width: 2 },
        { value: 1, rise: 3, start: -1, width: 3 },
        { value: 10, rise: 1, start: 2, width: 4 },
      ],
    };
    const x = input('x', [BATCH, 1]);
    const session = await executor.compile(createGraph('map', [x], { y: applyMap(x, map) }));
    const data = Float32Array.of(-9, -1, -0.5, 2, 3, 6, 99);
    const { y } = await session.run({ x: { data, shape: [7, 1] } });
    await session.close();
    [0.1, 0.1, 1.5, 4, 10.25, 11, 11].forEach((value, at) => expect(y!.data[at]).toBeCloseTo(value, 6));
    expect(y!.data[0]).toBe(Math.fround(0.1));
  });
});
