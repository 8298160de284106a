import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { fitConditional } from '../../src/training/fit/linear-conditional.ts';

/** Rows (a, b, 2 a - b + 1 + a little noise, c), with a, b and c independent. */
function dependentRows(count: number) {
  const noise = new Float32Array(4 * count);
  createRandom(3).stream('rows').fillNormal(noise, 0);
  const data = new Float32Array(4 * count);
  for (let row = 0; row < count; row++) {
    const [a = 0, b = 0, c = 0, e = 0] = noise.subarray(4 * row);
    data.set([a, b, 2 * a - b + 1 + 0.3 * e, c], 4 * row);
  }
  return { data, shape: [count, 4] };
}

describe('the linear prediction of a column from the others', () => {
  const { weights, offsets } = fitConditional(dependentRows(4000), 3);
  const weightsOf = (column: number): number[] => Array.from({ length: 4 }, (_, j) => weights[j * 3 + column]!);

  it('has the weights that the rows were made with, and none for the column itself', () => {
    const expected = [2, -1, 0, 0];
    weightsOf(2).forEach((weight, j) => expect(Math.abs(weight - expected[j]!)).toBeLessThan(0.06));
    expect(weightsOf(2)[2]).toBe(0);
    expect(Math.abs(offsets[2]! - 1)).toBeLessThan(0.06);
  });

  it('is that of ridge regression for the other columns', () => {
    // Ridge regression of b on (a, y), whose covariance is [[1, 2], [2, 5.09]]; the ridge is 1 % of the mean variance.
    const ridge = (0.01 * (1 + 1 + 5.09 + 1)) / 4;
    const determinant = (1 + ridge) * (5.09 + ridge) - 4;
    const [a, , y] = weightsOf(1);
    expect(Math.abs(a! - 2 / determinant)).toBeLessThan(0.06);
    expect(Math.abs(y! + (1 + ridge) / determinant)).toBeLessThan(0.06);
  });

  it('stays finite where columns repeat each other', () => {
    const data = Float32Array.from({ length: 300 }, (_, at) => Math.floor(at / 3) % 7);
    const twins = fitConditional({ data, shape: [100, 3] }, 3);
    expect([...twins.weights, ...twins.offsets].every(Number.isFinite)).toBe(true);
    expect(twins.weights[3]! + twins.weights[6]!).toBeGreaterThan(0.9);
  });
});
