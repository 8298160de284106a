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

/** Keeps the thread busy. */
function spend(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('a measured cost', () => {
  it('tells the cost of a row from that of a call', () => {
    const { callMs, rowMs } = measureCost((rows) => spend(0.2 + 0.02 * rows), 100);
    // The least of several runs: never below what is spent, and above it only by what else the machine does.
    expect(rowMs).toBeGreaterThan(0.019);
    expect(rowMs).toBeLessThan(0.2);
    expect(callMs).toBeLessThan(3);
  });

  it('is not looked into further where the least inference is dear', () => {
    const sizes: number[] = [];
    const cost = measureCost((rows) => {
      sizes.push(rows);
      spend(6);
    }, 5);
    expect(new Set(sizes)).toEqual(new Set([2]));
    expect(cost.callMs).toBeGreaterThanOrEqual(6);
    expect(sizes.length).toBeLessThan(4);
  });
});
