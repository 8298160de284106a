import { describe, expect, it } from '@jest/globals';
import { createLeastTimes, type LeastTimes } from '../../../src/server/batching/least-times.ts';

function learnt(...inferences: readonly (readonly [rows: number, ms: number])[]): LeastTimes {
  const least = createLeastTimes();
  for (const [rows, ms] of inferences) least.learn(rows, ms);
  return least;
}

const four = (rows: number, ms: number) => Array.from({ length: 4 }, () => [rows, ms] as const);

describe('what jobs take at the least', () => {
  it('is known of no size of which fewer than four inferences were seen', () => {
    expect(learnt(...four(512, 400).slice(1)).leastMs(512)).toBe(0);
    const least = learnt(...four(512, 400));
    expect([1, 511, 512, 1024].map((rows) => least.leastMs(rows))).toEqual([0, 0, 400, 0]);
  });

  it('is a part of the time for fewer rows of a size, and no more for more of them', () => {
    const least = learnt(...four(768, 300));
    expect([512, 768, 1000].map((rows) => least.leastMs(rows))).toEqual([200, 300, 300]);
  });

  it('is that of the quickest: a pause raises it little, and one quick inference puts it right', () => {
    const slow = learnt(...four(8, 10), [8, 1000]);
    expect(slow.leastMs(8)).toBeLessThan(12);
    slow.learn(8, 10);
    expect(slow.leastMs(8)).toBe(10);
  });

  it('follows what has become slower for good', () => {
    const least = learnt(...four(8, 10), ...Array.from({ length: 50 }, () => [8, 100] as const));
    expect(least.leastMs(8)).toBeCloseTo(100, 0);
  });

  it('is tried for each size on its own, once in sixteen times', () => {
    const least = createLeastTimes();
    const tries = Array.from({ length: 32 }, () => [least.isTurnToTry(4), least.isTurnToTry(400)]);
    expect(tries.filter(([small]) => small)).toHaveLength(2);
    expect(tries.filter(([, large]) => large)).toHaveLength(2);
  });
});
