import { describe, expect, it } from '@jest/globals';
import { showRate, showRateUp } from '../../src/base/show-rate.ts';

describe('a rate for people', () => {
  it('has three digits that count, and none that say nothing', () => {
    expect([0.05, 1 / 81, 0.0001, 1 / 3_000_001, 1].map(showRate)).toEqual([
      '0.05',
      '0.0123',
      '0.0001',
      '3.33e-7',
      '1',
    ]);
  });

  it('suffices where it is the least that does: it is above by less than a hundredth, or equal', () => {
    for (let count = 1; count <= 20_000; count++) {
      const [least, shown] = [1 / count, Number(showRateUp(1 / count))];
      if (shown < least || shown > 1.01 * least) throw new Error(`1 / ${count} is shown as ${shown}`);
    }
    expect([1 / 81, 0.05, 1 / 501].map(showRateUp)).toEqual(['0.0124', '0.05', '0.002']);
  });
});
