import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import type { NumberColumn, Transform } from '../../../src/models/features/transform.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { nearestDistance } from '../../../src/training/steps/nearest-distance.ts';

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

/** Rows of so many numbers that are taken as they are. */
function distanceIn(rows: readonly (readonly number[])[]): Promise<number> {
  const width = rows[0]!.length;
  const numbers = Array.from({ length: width }, (_, slot): NumberColumn => ({
    ...{ name: `x${slot}`, slot, unit: slot, signedLog: false, integer: false, imputed: 0 },
    ...{ smallest: -9, largest: 9, mean: 0, deviation: 1, centre: 0 },
  }));
  const transform: Transform = { numbers, cycles: [], levels: [], fixed: [], clip: 20 };
  const table = { data: Float32Array.from(rows.flat()), shape: [rows.length, width] };
  return nearestDistance(executor, table, transform, createRandom(1));
}

describe('the median distance to the nearest other row', () => {
  it('is the median, on a line of known gaps', async () => {
    // Nearest: 1, 1, 2, 3, 4.
    expect(await distanceIn([[0], [1], [3], [6], [10]])).toBeCloseTo(2, 6);
  });

  it('agrees with a plain program on more rows than one call takes', async () => {
    const normal = new Float32Array(450 * 3);
    createRandom(4).stream('rows').fillNormal(normal, 0);
    const rows = Array.from({ length: 450 }, (_, row) => [...normal.subarray(3 * row, 3 * row + 3)]);
    const nearest = rows.map((a, i) =>
      Math.min(...rows.filter((_, j) => j !== i).map((b) => Math.hypot(...a.map((value, k) => value - b[k]!)))),
    );
    nearest.sort((a, b) => a - b);
    expect(await distanceIn(rows)).toBeCloseTo((nearest[224]! + nearest[225]!) / 2, 4);
  });

  it('leaves duplicates out, also far from the origin, where float32 would call them 0.01 apart', async () => {
    const far = Array.from({ length: 40 }, (_, column) => 15 + 0.1 * column);
    const moved = far.map((value, column) => (column === 0 ? value + 2 : value));
    const pair = [...Array<number[]>(30).fill(far), moved];
    expect(await distanceIn(pair)).toBeCloseTo(2, 4);
  });

  it('is a tenth of the root of the width where all rows are the same', async () => {
    expect(await distanceIn(Array<number[]>(30).fill([15.3, -7.7, 3.1, 9]))).toBeCloseTo(0.2, 6);
  });
});
