import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createMartingale } from '../../../src/scoring/drift/martingale.ts';

function uniforms(seed: number, count: number): Float32Array {
  const values = new Float32Array(count);
  createRandom(seed).stream('p').fillUniform(values, 0);
  return values;
}

describe('the martingale', () => {
  it('is fair: its mean over all cells of the next p-value is what it was', () => {
    const history = [0.02, 0.7, 0.001, 0.4];
    const after = (p: number): number => {
      const martingale = createMartingale();
      for (const each of history) martingale.bet(each);
      return martingale.bet(p);
    };
    const before = createMartingale();
    const capital = history.map((p) => before.bet(p)).at(-1)!;
    const mean = Array.from({ length: 100 }, (_, cell) => after((cell + 0.5) / 100)).reduce((a, b) => a + b) / 100;
    expect(mean).toBeCloseTo(capital, 12);
  });

  it('reaches 1 / a on fewer than a share a of uniform streams', () => {
    const largest = Array.from({ length: 400 }, (_, seed) => {
      const martingale = createMartingale();
      for (const p of uniforms(seed, 5000)) martingale.bet(p);
      return martingale.logLargest;
    });
    for (const a of [0.5, 0.2, 0.1, 0.05]) {
      const share = largest.filter((each) => each >= -Math.log(a)).length / largest.length;
      // Three standard errors of a share that is a.
      expect(share).toBeLessThan(a + 3 * Math.sqrt((a * (1 - a)) / largest.length));
    }
  });

  it('keeps most of its capital through a million calm rows, so that it sees a change after them', () => {
    const martingale = createMartingale();
    for (const p of uniforms(1, 1_000_000)) martingale.bet(p);
    expect(martingale.logCapital).toBeGreaterThan(Math.log(1 / 25));
    let rows = 0;
    while (martingale.bet(0.005) < 100 && rows < 50) rows++;
    expect(rows).toBeLessThan(15);
  });

  it('counts on where no number can: a million wins in a row', () => {
    const martingale = createMartingale();
    for (let row = 0; row < 1_000_000; row++) martingale.bet(0.001);
    // The strongest bet pays 50 for each.
    expect(martingale.logCapital / 1_000_000).toBeCloseTo(Math.log(50), 3);
    expect(martingale.logLargest).toBe(martingale.logCapital);
    expect(martingale.bet(0.5)).toBe(Infinity);
    expect(martingale.rows).toBe(1_000_001);
  });
});
