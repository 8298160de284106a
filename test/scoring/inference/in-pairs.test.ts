import { describe, expect, it } from '@jest/globals';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../../src/models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../../src/runtime/executor.ts';
import { inPairs } from '../../../src/scoring/inference/in-pairs.ts';

/** Answers with so many scores more than rows; notes how many rows it was given. */
function sessionOf(more: number) {
  const given: number[] = [];
  const runNow = (feeds: NamedArrays): NamedArrays => {
    const { data, shape } = feeds[ROWS_INPUT]!;
    given.push(shape[0]!);
    const scores = new Float32Array(shape[0]! + more).map((_, row) => data[row * 2] ?? 0);
    return { [SCORES_OUTPUT]: { data: scores, shape: [scores.length] } };
  };
  const session: Session = { runNow, run: (feeds) => Promise.resolve(runNow(feeds)), close: () => Promise.resolve() };
  return { given, paired: inPairs(session) };
}

const feedsOf = (rows: number): NamedArrays => ({
  [ROWS_INPUT]: { data: Float32Array.from({ length: 2 * rows }, (_, index) => index), shape: [rows, 2] },
});

describe('a session in pairs', () => {
  it('is given an even number of rows, and answers for those that were asked for', async () => {
    const { given, paired } = sessionOf(0);
    for (const rows of [1, 2, 3]) {
      const expected = Float32Array.from({ length: rows }, (_, row) => 2 * row);
      expect(paired.runNow!(feedsOf(rows))[SCORES_OUTPUT]).toEqual({ data: expected, shape: [rows] });
      expect((await paired.run(feedsOf(rows)))[SCORES_OUTPUT]).toEqual({ data: expected, shape: [rows] });
    }
    expect(given).toEqual([2, 2, 2, 2, 4, 4]);
  });

  it('says so where the model answers another number of scores, also the number that was asked for', () => {
    expect(() => sessionOf(-1).paired.runNow!(feedsOf(1))).toThrow('critic.onnx answered 1 scores for 2 rows');
    expect(() => sessionOf(1).paired.runNow!(feedsOf(3))).toThrow('critic.onnx answered 5 scores for 4 rows');
  });
});
