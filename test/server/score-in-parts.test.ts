import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../src/base/errors.ts';
import type { Detector, RawRecord, ScoreBatch } from '../../src/scoring/detector.ts';
import { scoreInParts } from '../../src/server/score-in-parts.ts';

/** Five rows fill a part. */
const WIDTH = 2 ** 21 / 5;
const calls: number[] = [];

/** Scores a row by its first value. */
const detector = {
  description: { rowWidth: Math.floor(WIDTH) },
  score: (rows: Float32Array): Promise<ScoreBatch> => {
    const count = rows.length / Math.floor(WIDTH);
    calls.push(count);
    const scores = Float32Array.from({ length: count }, (_, row) => rows[row * Math.floor(WIDTH)]!);
    const pValues = Float64Array.from(scores, (score) => 1 / (1 + score));
    const verdicts = Uint8Array.from(scores, (score) => (score > 3 ? 1 : 0));
    return Promise.resolve({ scores, pValues, verdicts, threshold: 3, falsePositiveRate: 0.01 });
  },
} as unknown as Detector;

function encode([record]: readonly RawRecord[]): Float32Array {
  if (record!['value'] === undefined) throw new AristarchError('INVALID_INPUT', 'record 0: no image', { record: 0 });
  return new Float32Array(Math.floor(WIDTH)).fill(Number(record!['value']));
}
const records = Array.from({ length: 12 }, (_, value) => ({ value }));

describe('wide records are scored', () => {
  it('as they would together, a part of 8 MiB after the other', async () => {
    calls.length = 0;
    const batch = await scoreInParts(detector, records, {}, encode);
    expect(calls).toEqual([5, 5, 2]);
    expect([...batch.scores]).toEqual(records.map(({ value }) => value));
    expect(batch.pValues[11]).toBeCloseTo(1 / 12, 12);
    expect([...batch.verdicts].map(Boolean)).toEqual(records.map(({ value }) => value > 3));
    expect(batch).toMatchObject({ threshold: 3, falsePositiveRate: 0.01 });
  });

  it('until nobody waits, asked between images', async () => {
    let asked = 0;
    const checkAlive = (): void => {
      if (++asked === 3) throw new AristarchError('CANCELLED', 'nobody waits');
    };
    await expect(scoreInParts(detector, records, { checkAlive }, encode)).rejects.toThrow('nobody waits');
    expect(asked).toBe(3);
  });

  it('or refused with the place of the one that is wrong', async () => {
    const wrong = [...records.slice(0, 7), {}];
    const refused = scoreInParts(detector, wrong, {}, encode);
    await expect(refused).rejects.toMatchObject({ message: 'record 7: no image', data: { record: 7 } });
  });
});
