import { describe, expect, it } from '@jest/globals';
import { countByBin, readCalibration } from '../../../src/server/http/page/calibration-shape.ts';
import { PageState } from '../../../src/server/http/page/page-state.ts';
import { toShownModel } from '../../../src/server/http/page/shown-model.ts';
import { RateMeter } from '../../../src/server/http/page/rate-meter.ts';
import { toShownRecord } from '../../../src/server/http/page/shown-record.ts';
import type { Explanation, RawRecord } from '../../../src/scoring/detector.ts';
import { RecentScores } from '../../../src/server/recent-scores.ts';
import { createSampleModel, drawScores, publishScores } from './sample-page.ts';

describe('the calibration as the page draws it', () => {
  it('has the shares that the held-out scores have, read off the thresholds alone', () => {
    const scores = drawScores('calibration', 4000).sort((a, b) => a - b);
    const { edges, expected } = readCalibration(createSampleModel(scores), 36);
    const counts = countByBin(edges, scores);
    expect(expected.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    expected.forEach((share, bin) => expect(Math.abs(share - counts[bin]! / scores.length)).toBeLessThan(0.006));
  });

  it.each([[[1, 1, 1, 1, 1]], [[0]], [[-3, -2, 5e6]]])('has usable bins for the odd calibration %j', (scores) => {
    const { edges, expected } = readCalibration(createSampleModel(scores, 0.5), 10);
    expect(edges.every((edge, index) => Number.isFinite(edge) && (index === 0 || edge > edges[index - 1]!))).toBe(true);
    expect(expected.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  });
});

describe('the page’s numbers', () => {
  it('count rows and flags of the last seconds from running totals, and forget them afterwards', () => {
    const meter = new RateMeter();
    meter.record(10_000, { rows: 100, flagged: 1 });
    meter.record(11_500, { rows: 300, flagged: 5 });
    expect(meter.over(12_000, 5)).toEqual({ rows: 300, flagged: 5 });
    expect(meter.over(12_000, 1)).toEqual({ rows: 200, flagged: 4 });
    expect(meter.over(90_000, 59)).toEqual({ rows: 0, flagged: 0 });
  });

  it('thin a burst, but keep the flagged scores of it', () => {
    const model = createSampleModel(drawScores('calibration', 2000).sort((a, b) => a - b));
    const feed = new RecentScores({ perCall: 100 });
    let nowMs = 5000;
    const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
    const state = new PageState(toShownModel(model), feed, clock);
    for (let call = 0; call < 10; call++)
      publishScores(feed, [...drawScores('normal', 90).map((s) => Math.min(s, 1)), 99], { model, clock });
    nowMs = 6500;
    const shown = state.next();
    expect(shown.rows).toBe(910);
    expect(shown.rowsPerSecond).toBe(182);
    expect(shown.points.length).toBeLessThanOrEqual(80);
    expect(shown.points.filter((point) => point[3] === 1)).toHaveLength(10);
    expect(state.next().points).toEqual([]);
    expect(state.backlog().points).toHaveLength(240);
  });

  it('come with the reasons of the worst anomalous records, asked for once each', async () => {
    const asked: unknown[] = [];
    const model = createSampleModel(drawScores('calibration', 2000).sort((a, b) => a - b));
    const explain = (record: RawRecord): Promise<Explanation> => {
      asked.push(record);
      if (asked.length === 2) return Promise.reject(new Error('no such field'));
      const fact = { field: 'a', value: 9, normal: 1, contribution: 5, sentence: 'a 9; normal would be about 1' };
      return Promise.resolve({ score: 99, pValue: 0, counterpart: {}, counterpartScore: 0, contributions: [fact] });
    };
    const clock = { wallMs: () => 5000, monotonicMs: () => 5000 };
    const feed = new RecentScores();
    const state = new PageState(toShownModel(model), feed, clock, explain);
    publishScores(feed, [0, 98, 99], { model, clock });
    for (let look = 0; look < 6; look++) {
      state.next();
      await new Promise(setImmediate);
    }
    const { worst } = state.next();
    expect(asked).toHaveLength(2);
    expect(worst.map(({ score, reasons }) => [score, reasons])).toEqual([
      [99, ['a 9; normal would be about 1']],
      [98, []],
      [0, []],
    ]);
  });

  it('cut long names and values, and say how many fields are not shown', () => {
    const record = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, 'y'.repeat(500)]));
    const shown = toShownRecord(record);
    expect(shown.fields).toHaveLength(24);
    expect(shown.more).toBe(6);
    expect(shown.fields[0]![1]).toHaveLength(120);
    expect(toShownRecord({ image: new Uint8Array(1234) }).fields).toEqual([['image', '1,234 bytes']]);
    expect(toShownRecord({ a: null, b: NaN, c: 0.1234567891, d: new Date(NaN), e: { f: 1n } }).fields).toEqual([
      ['a', 'missing'],
      ['b', 'NaN'],
      ['c', '0.123457'],
      ['d', 'invalid date'],
      ['e', '{"f":"1"}'],
    ]);
  });
});
