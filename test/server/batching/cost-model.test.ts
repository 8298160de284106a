import { describe, expect, it } from '@jest/globals';
import { createCostModel } from '../../../src/server/batching/cost-model.ts';

const MAX_ROWS = 512;

describe('the model of what scoring costs', () => {
  it('expects nothing before it has seen anything', () => {
    expect(createCostModel(MAX_ROWS).expectMs(100, 1, 0)).toBe(0);
  });

  it('finds the cost of a call and of a row', () => {
    const cost = createCostModel(MAX_ROWS);
    for (const rows of [1, 16, 64, 256, 2, 512]) cost.learnInference(rows, 0.08 + 0.009 * rows);
    expect(cost.expectMs(1, 0, 0)).toBeCloseTo(0.089, 6);
    expect(cost.expectMs(1024, 0, 0)).toBeCloseTo(2 * 0.08 + 0.009 * 1024, 6);
  });

  it('does not expect many rows to take long because one took long', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(1, 50);
    expect(cost.expectMs(500, 0, 0)).toBe(50);
  });

  it('knows after a thousand single rows what a full inference takes', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(MAX_ROWS, 5);
    for (let time = 0; time < 1000; time++) cost.learnInference(1, 0.1);
    expect(cost.expectMs(MAX_ROWS, 0, 0)).toBeCloseTo(5, 6);
  });

  it('adds what callers cost beside the inference', () => {
    const cost = createCostModel(MAX_ROWS);
    for (let time = 0; time < 100; time++) cost.learnCallers(10, 2, 0);
    expect(cost.expectMs(1, 5, 0)).toBeCloseTo(1, 2);
  });

  it('forgets a bad moment, so that it does not shut callers out for good', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnCallers(1, 10_000, 0);
    expect(cost.expectMs(1, 1, 0)).toBe(5000);
    expect(cost.expectMs(1, 1, 10_000)).toBeLessThan(0.02 * 1000);
  });

  it('follows when the machine becomes slower', () => {
    const cost = createCostModel(MAX_ROWS);
    const learn = (factor: number): void => {
      for (let time = 0; time < 400; time++) {
        const rows = time % 2 === 0 ? 1 : 300;
        cost.learnInference(rows, factor * (1 + 0.01 * rows));
      }
    };
    learn(1);
    learn(3);
    expect(cost.expectMs(300, 0, 0) / 12).toBeCloseTo(1, 1);
  });

  it('never expects more rows to take less time', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(1, 10);
    cost.learnInference(100, 1);
    expect(cost.expectMs(1000, 0, 0)).toBeGreaterThanOrEqual(cost.expectMs(10, 0, 0));
  });
});
