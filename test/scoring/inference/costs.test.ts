import { describe, expect, it } from '@jest/globals';
import { inlineRowsFor, measureCost, worthMsOf } from '../../../src/scoring/inference/costs.ts';

describe('what is computed inline', () => {
  it('is all that costs less than ten times the handing over', () => {
    // 0.05 + 0.01 * rows < 1 ms
    expect(inlineRowsFor({ callMs: 0.05, rowMs: 0.01 }, worthMsOf(0.1))).toBe(95);
  });

  it('is nothing where the least inference costs as much', () => {
    expect(inlineRowsFor({ callMs: 0, rowMs: 0.5 }, worthMsOf(0.1))).toBe(0);
    expect(inlineRowsFor({ callMs: 1, rowMs: 0 }, worthMsOf(0.1))).toBe(0);
  });

  it('is everything where rows cost nothing', () => {
    expect(inlineRowsFor({ callMs: 0.5, rowMs: 0 }, worthMsOf(0.1))).toBe(Infinity);
  });
});

describe('a measured cost', () => {
  it('tells the cost of a row from that of a call, whatever else the machine does now and then', () => {
    const [clock, delays] = [{ ms: 0 }, [3, 0.5, 0, 7]];
    let runs = 0;
    const run = (rows: number): void => void (clock.ms += 0.2 + 0.02 * rows + delays[runs++ % delays.length]!);
    const { callMs, rowMs } = measureCost(run, 100, () => clock.ms);
    expect(rowMs).toBeCloseTo(0.02, 9);
    expect(callMs).toBeCloseTo(0.2, 9);
  });

  it('is not looked into further where the least inference is dear', () => {
    const sizes: number[] = [];
    let ms = 0;
    const run = (rows: number): void => {
      sizes.push(rows);
      ms += 6;
    };
    expect(measureCost(run, 5, () => ms)).toEqual({ callMs: 6, rowMs: 0 });
    expect(sizes).toEqual([2, 2]);
  });

  it('is that of the machine by the clock of the process', () => {
    expect(measureCost(() => undefined, 1000).callMs).toBeGreaterThanOrEqual(0);
  });
});
