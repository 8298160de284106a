import { describe, expect, it } from '@jest/globals';
import { RecentScores, type RecentPoint, type ScoredCall } from '../../src/server/recent-scores.ts';

function call(scores: readonly number[], atMs = 0): ScoredCall {
  return {
    transport: 'grpc',
    atMs,
    recordAt: (row) => ({ row }),
    batch: {
      scores: Float32Array.from(scores),
      pValues: Float64Array.from(scores, (score) => 1 / (1 + score)),
      verdicts: Uint8Array.from(scores, (score) => (score > 5 ? 1 : 0)),
      threshold: 5,
      falsePositiveRate: 0.01,
    },
  };
}
const scoresOf = (list: readonly RecentPoint[]) => list.map(({ score }) => score);

describe('the feed of recent scores', () => {
  it('tells score, p-value and verdict of each row, oldest first, and the record of none but the worst', () => {
    const recent = new RecentScores();
    recent.publish(call([1, 9], 100));
    recent.publish(call([3], 200));
    const { latest, worst, totals } = recent.snapshot(200);
    expect(latest.map(({ sequence, atMs, score }) => [sequence, atMs, score])).toEqual([
      [1, 100, 1],
      [2, 100, 9],
      [3, 200, 3],
    ]);
    expect(latest[1]).toEqual({ sequence: 2, atMs: 100, score: 9, pValue: 0.1, anomalous: true, transport: 'grpc' });
    expect(worst[0]).toEqual({ ...latest[1], record: { row: 1 } });
    expect(totals).toEqual({ rows: 3, flagged: 1 });
  });

  it('keeps no more than its capacity', () => {
    const recent = new RecentScores({ capacity: 3 });
    for (let score = 0; score < 50; score++) recent.publish(call([score]));
    expect(scoresOf(recent.snapshot(0).latest)).toEqual([47, 48, 49]);
    expect(recent.totals.rows).toBe(50);
  });

  it('makes few records of a big batch, and still counts every row and finds the worst', () => {
    const recent = new RecentScores({ perCall: 10, worstCount: 2 });
    const scores = Array.from({ length: 1005 }, (_, row) => row % 5);
    scores[333] = 99;
    let made = 0;
    recent.publish({ ...call(scores), recordAt: (row) => ({ row, made: ++made }) });
    const { latest, worst, totals } = recent.snapshot(0);
    expect(latest.length).toBeLessThanOrEqual(10);
    expect(worst[0]).toMatchObject({ score: 99, record: { row: 333 }, sequence: 334 });
    expect(totals).toEqual({ rows: 1005, flagged: 1 });
    expect(made).toBeLessThan(30);
  });

  it('ranks the worst, and forgets them when they are old', () => {
    const recent = new RecentScores({ worstCount: 3, worstForMs: 1000 });
    recent.publish(call([9, 2, 7], 0));
    recent.publish(call([8, 1], 600));
    expect(scoresOf(recent.snapshot(600).worst)).toEqual([9, 8, 7]);
    expect(scoresOf(recent.snapshot(1100).worst)).toEqual([8]);
  });

  it('tells listeners of each call until they have heard enough', () => {
    const recent = new RecentScores();
    const heard: number[][] = [];
    const stop = recent.subscribe((scores) => heard.push(scoresOf(scores)));
    recent.publish(call([1, 2]));
    stop();
    recent.publish(call([3]));
    expect(heard).toEqual([[1, 2]]);
  });
});
