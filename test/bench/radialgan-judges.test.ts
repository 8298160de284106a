import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openJudges, type Judges } from '../../bench/radialgan/judges.ts';
import { needs, pythonPath } from '../support/needs.ts';

describe('judges without scikit-learn', () => {
  it('say why there are none', async () => {
    await expect(openJudges('/nowhere/python')).rejects.toThrow(/\/nowhere\/python.*ENOENT/);
  });
});

needs('python:sklearn').describe('judges', () => {
  let judges: Judges;
  beforeAll(async () => {
    judges = await openJudges(pythonPath());
  }, 120_000);
  afterAll(() => judges.close());

  const rows = Array.from({ length: 60 }, (_, row) => [row, (row * 7) % 11]);
  const classes = rows.map((_, row) => (row < 30 ? 0 : 1));

  it('name the library', () => expect(judges.library).toMatch(/^scikit-learn \d/));

  it('tell classes apart that can be told apart, whichever way round', async () => {
    const test = [
      [5, 3],
      [50, 3],
      [12, 9],
      [44, 0],
    ];
    const learnt = await judges.judge(
      { judge: 'classifiers', train: rows, classes, test, seed: 1 },
      Uint8Array.of(0, 1, 0, 1),
    );
    expect(learnt).toEqual({ logistic: 1, 'logistic-0.1': 1, boosting: 1 });
    const turned = {
      judge: 'classifiers' as const,
      train: rows,
      classes: classes.map((label) => 1 - label),
      test,
      seed: 1,
    };
    expect(await judges.judge(turned, Uint8Array.of(0, 1, 0, 1))).toEqual({
      logistic: 0,
      'logistic-0.1': 0,
      boosting: 0,
    });
  });

  it('take rows far from the training rows for anomalies, in standard deviations of each column', async () => {
    const train = rows.map(([x, y]) => [1000 * x!, y!]);
    // 3,000 units of the first column are little; 9 of the second are much.
    const test = [
      [33_000, 5],
      [30_000, 20],
    ];
    const found = await judges.judge({ judge: 'neighbours', train, classes: [], test, seed: 0 }, Uint8Array.of(0, 1));
    expect(found).toEqual({ neighbours: 1 });
  });
});
