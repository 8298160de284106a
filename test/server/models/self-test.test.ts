import { describe, expect, it } from '@jest/globals';
import type { ColumnFingerprint } from '../../../src/models/artefact/manifest.ts';
import type { Detector } from '../../../src/scoring/detector.ts';
import { selfTest } from '../../../src/server/models/self-test.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';

const COLUMNS: readonly ColumnFingerprint[] = [
  { name: 'amount', missingShare: 0, quantiles: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
  { name: 'country', missingShare: 0.5, levelShares: { DE: 0.5, FR: 0.5 } },
  { name: 'online', missingShare: 0 },
  { name: 'at', missingShare: 0 },
];

/** A double that knows its training rows; `score` makes its scores of the call's number and the amounts. */
function createDouble(score: (call: number, amounts: number[]) => number[]): Detector & { readonly rows: number[][] } {
  const double = createDetectorDouble();
  const { rowWidth } = double.description;
  const rows: number[][] = [];
  return {
    ...double,
    rows,
    description: { ...double.description, trainingColumns: COLUMNS },
    async score(packed, options) {
      const batch = await double.score(packed, options);
      const amounts = Array.from(batch.scores, (_, row) => (packed as Float32Array)[row * rowWidth]!);
      rows.push(amounts);
      return { ...batch, scores: Float32Array.from(score(rows.length, amounts)) };
    },
  };
}

describe('the self-test', () => {
  it('scores a row of zeros and the quantiles of the training rows, twice, then the last of them alone', async () => {
    const double = createDouble((_, amounts) => amounts);
    await selfTest(double);
    const all = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(double.rows).toEqual([all, all, [8]]);
  });

  it.each<[string, (call: number, amounts: number[]) => number[], RegExp]>([
    [
      'a score that is no number',
      (_, amounts) => amounts.map((x) => (x === 4 ? NaN : x)),
      /quantiles at 0\.5 got score NaN/,
    ],
    [
      'an infinite score',
      (_, amounts) => amounts.map((x) => (x === 8 ? Infinity : x)),
      /quantiles at 1 got score Infinity/,
    ],
    ['scores that change', (call, amounts) => amounts.map((x) => x + call), /a row of zeros got score 1, and then 2/],
    [
      'a score that depends on the other rows',
      (_, amounts) => amounts.map((x) => x + amounts.length / 10),
      /got score 9 among others, and 8\.1\d* alone/,
    ],
    ['too few scores', () => [1], /a row of zeros got score 1/],
  ])('finds %s', async (_, score, message) => {
    const fault = { code: 'ARTEFACT_INVALID', message: expect.stringMatching(message) as unknown };
    await expect(selfTest(createDouble(score))).rejects.toMatchObject(fault);
  });
});
