import { describe, expect, it } from '@jest/globals';
import { placeInBand } from '../../bench/calibration/chart.ts';
import { toCells, type CalibrationRun } from '../../bench/calibration/measure-cells.ts';
import { tally } from '../../bench/calibration/page.ts';

const run = (alarms: CalibrationRun['alarms'], calibrationRows = 999): CalibrationRun => ({
  ...{ set: 'made-up', seed: 0, method: 'split', calibrationRows, freshRows: 1000, tied: 0, alarms },
});

describe('the cells of a calibration run', () => {
  it('are inside where the count of alarms is one that chance gives', () => {
    const [at1, at5, at10] = toCells(run([10, 80, 20]));
    expect(at1!.outcome?.inside).toBe(true);
    expect(at5!.outcome?.inside).toBe(false);
    expect(at10!.outcome?.inside).toBe(false);
    expect(tally(toCells(run([10, 80, 20])))).toEqual({ cells: 3, inside: 1, above: 1, below: 1, refused: 0 });
  });

  it('count a refused rate apart, neither inside nor outside', () => {
    const cells = toCells(run([null, 50, 100], 50));
    expect(cells[0]!.outcome).toBeNull();
    expect(tally(cells)).toMatchObject({ cells: 2, refused: 1 });
  });

  it('lie at -1 and 1 where they are at the ends of the band', () => {
    const band = { low: 0.02, high: 0.06, inside: true };
    expect(placeInBand({ ...band, realised: 0.02 })).toBeCloseTo(-1, 12);
    expect(placeInBand({ ...band, realised: 0.04 })).toBeCloseTo(0, 12);
    expect(placeInBand({ ...band, realised: 0.07 })).toBeCloseTo(1.5, 12);
  });
});
