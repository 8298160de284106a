import { describe, expect, it } from '@jest/globals';
import { createCostModel } from '../../../src/server/batching/cost-model.ts';

const MAX_ROWS = 512;

describe('the model of what scoring costs', () => {
  it('expects nothing before it has seen anything', () => {
    expect(createCostModel(MAX_ROWS).expectMs(100)).toBe(0);
  });

  it('finds the cost of a call and of a row', () => {
    const cost = createCostModel(MAX_ROWS);
    for (const rows of [1, 16, 64, 256, 2, 512]) cost.learnInference(rows, 0.08 + 0.009 * rows);
    expect(cost.expectMs(1)).toBeCloseTo(0.089, 6);
    expect(cost.expectMs(1024)).toBeCloseTo(2 * 0.08 + 0.009 * 1024, 6);
  });

  it('does not expect many rows to take long because one took long', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(1, 50);
    expect(cost.expectMs(500)).toBe(50);
  });

  it('knows after a thousand single rows what a full inference takes', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(MAX_ROWS, 5);
    for (let time = 0; time < 1000; time++) cost.learnInference(1, 0.1);
    expect(cost.expectMs(MAX_ROWS)).toBeCloseTo(5, 6);
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
    expect(cost.expectMs(300) / 12).toBeCloseTo(1, 1);
  });

  it('never expects more rows to take less time', () => {
    const cost = createCostModel(MAX_ROWS);
    cost.learnInference(1, 10);
    cost.learnInference(100, 1);
    expect(cost.expectMs(1000)).toBeGreaterThanOrEqual(cost.expectMs(10));
  });
});
