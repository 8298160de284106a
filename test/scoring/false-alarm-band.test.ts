import { describe, expect, it } from '@jest/globals';
import { betaBinomialBand, falseAlarmBand } from '../../src/scoring/false-alarm-band.ts';
import { createRandom } from '../../src/base/philox.ts';
import { createCalibration } from '../../src/scoring/calibration.ts';

describe('the beta-binomial band', () => {
  /** Known answers: `scipy.stats.betabinom(m, a, b).ppf([0.025, 0.975])`. */
  it.each([
    [100, 1, 99, 0, 5],
    [1000, 50, 951, 32, 70],
    [10_000, 1000, 9001, 918, 1084],
    [7, 3, 2, 1, 7],
    [40_000, 100, 9901, 317, 491],
  ])('of %i draws with a = %i, b = %i is %i to %i', (m, a, b, low, high) => {
    expect(betaBinomialBand(m, a, b, 0.95)).toEqual({ low, high });
  });

  it('is absent where the rate would be refused, and there where it just would not', () => {
    expect(falseAlarmBand({ calibrationRows: 98, freshRows: 100, rate: 0.01 }, 0.95)).toBeNull();
    expect(falseAlarmBand({ calibrationRows: 99, freshRows: 100, rate: 0.01 }, 0.95)).not.toBeNull();
  });

  it('holds what the calibration does on exchangeable rows', () => {
    const uniform = createRandom(5).stream('scores');
    const [calibrationRows, freshRows, rate, trials] = [199, 400, 0.05, 2000];
    const band = falseAlarmBand({ calibrationRows, freshRows, rate }, 0.95)!;
    let inside = 0;
    for (let trial = 0; trial < trials; trial++) {
      const scores = new Float32Array(calibrationRows + freshRows);
      uniform.fillUniform(scores, trial);
      const threshold = createCalibration([...scores.subarray(0, calibrationRows)].sort((a, b) => a - b)).thresholdAt(
        rate,
      );
      const alarms = scores.subarray(calibrationRows).filter((score) => score > threshold).length;
      if (alarms >= band.low && alarms <= band.high) inside++;
    }
    // At least 95 %, and no more than whole counts make of it; 2,000 trials have a standard error of half a point.
    expect(inside / trials).toBeGreaterThan(0.938);
    expect(inside / trials).toBeLessThan(0.972);
  });
});
