import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createScoreDrift, type ScoreDrift } from '../../../src/scoring/drift/score-drift.ts';

const create = (alarmProbability = 0.01, window = 1000): ScoreDrift =>
  createScoreDrift({ alarmProbability, window, random: createRandom(1) });

function normals(seed: number, count: number): Float32Array {
  const values = new Float32Array(count);
  createRandom(seed).stream('scores').fillNormal(values, 0);
  return values;
}

describe('drift of the scores', () => {
  it('raises an alarm on no more exchangeable streams than stated, though their scores come in a few values only', () => {
    const streams = 200;
    const alarms = Array.from({ length: streams }, (_, seed) => {
      const drift = create(0.1, 100);
      drift.observe(normals(seed, 3000).map((z) => Math.round(z)));
      return drift.summary.alarmAtRow === undefined ? 0 : 1;
    });
    // Three standard errors above the stated 10 %.
    expect(alarms.reduce<number>((a, b) => a + b, 0)).toBeLessThan(0.1 * streams + 3 * Math.sqrt(0.09 * streams));
  });

  it.each([
    ['all scores rise by a standard deviation', (z: number) => z + 1, 200],
    ['all scores fall by a standard deviation', (z: number) => z - 1, 300],
    ['every twentieth row is far out', (z: number, row: number) => (row % 20 === 0 ? z + 6 : z), 1000],
  ])('raises its alarm soon after %s', (_, shift, within) => {
    const drift = create(0.01, 10_000);
    expect(drift.observe(normals(5, 20_000))).toBe(false);
    expect(drift.observe(normals(6, within).map(shift))).toBe(true);
    expect(drift.summary.alarmAtRow).toBeGreaterThan(20_000);
    expect(drift.summary.log10Largest).toBeGreaterThanOrEqual(drift.summary.log10Threshold);
  });

  it('raises its alarm once, and keeps it', () => {
    const drift = create();
    drift.observe(normals(1, 2000));
    expect(drift.observe(normals(2, 500).map((z) => z + 5))).toBe(true);
    const { alarmAtRow } = drift.summary;
    expect(drift.observe(normals(3, 500).map((z) => z + 10))).toBe(false);
    expect(drift.summary.alarmAtRow).toBe(alarmAtRow);
  });

  it('does not depend on how the stream is cut into calls', () => {
    const scores = normals(1, 5000);
    const [whole, cut] = [create(), create()];
    whole.observe(scores);
    for (let from = 0, size = 1; from < scores.length; from += size++) cut.observe(scores.slice(from, from + size));
    expect(cut.summary).toEqual(whole.summary);
  });

  it('starts with a capital of 1 and a threshold of one over the probability', () => {
    expect(create(0.001).summary).toEqual({ rows: 0, log10Martingale: 0, log10Largest: 0, log10Threshold: 3 });
  });
});
