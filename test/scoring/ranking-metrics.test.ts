import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { needs } from '../support/needs.ts';
import { runPythonJson } from '../support/python.ts';

const metrics = (scores: number[], anomalous: number[]) => rankingMetrics(scores, Uint8Array.from(anomalous));

/** Pairs of an anomaly and a normal row, counted one by one. */
function slowAuroc(scores: readonly number[], anomalous: readonly number[]): number {
  const of = (flag: number) => scores.filter((_, row) => anomalous[row] === flag);
  const wins = of(1).flatMap((a) => of(0).map((n) => (a > n ? 1 : a === n ? 0.5 : 0)));
  return wins.reduce((sum: number, win) => sum + win, 0) / wins.length;
}

const labelled = fc
  .array(fc.record({ score: fc.integer({ min: -4, max: 4 }), flag: fc.integer({ min: 0, max: 1 }) }), {
    minLength: 2,
    maxLength: 60,
  })
  .filter((rows) => rows.some(({ flag }) => flag === 1) && rows.some(({ flag }) => flag === 0));

describe('ranking metrics', () => {
  it('are 1 for a perfect ranking and AUROC 0 for its reverse', () => {
    expect(metrics([1, 2, 3, 4], [0, 0, 1, 1])).toEqual({
      auroc: 1,
      averagePrecision: 1,
      recallAt1PercentFalseAlarms: 1,
    });
    expect(metrics([4, 3, 2, 1], [0, 0, 1, 1])).toMatchObject({ auroc: 0, recallAt1PercentFalseAlarms: 0 });
  });

  it('give no credit where every score is the same', () => {
    expect(metrics([5, 5, 5, 5], [0, 1, 0, 0])).toEqual({
      auroc: 0.5,
      averagePrecision: 0.25,
      recallAt1PercentFalseAlarms: 0,
    });
  });

  it("agree with scikit-learn's documented example", () => {
    // sklearn.metrics: roc_auc_score and average_precision_score of y = [0, 0, 1, 1], scores = [0.1, 0.4, 0.35, 0.8].
    const { auroc, averagePrecision } = metrics([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(auroc).toBeCloseTo(0.75, 12);
    expect(averagePrecision).toBeCloseTo(0.8333333333333333, 12);
  });

  it('count an AUROC as pairs do, ties included', () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const [scores, flags] = [rows.map(({ score }) => score), rows.map(({ flag }) => flag)];
        expect(metrics(scores, flags).auroc).toBeCloseTo(slowAuroc(scores, flags), 10);
      }),
    );
  });

  it('let at most 1 % of the normal rows pass for the recall, ties as a whole', () => {
    const normals = Array.from({ length: 200 }, (_, i) => i);
    const flags = [...normals.map(() => 0), 1, 1, 1];
    // Two normal rows may pass: 199 and 198. The anomaly at 197.5 is above the third, the one at 197 ties with it.
    expect(metrics([...normals, 300, 197.5, 197], flags).recallAt1PercentFalseAlarms).toBeCloseTo(2 / 3, 12);
    expect(metrics([...normals, 300, 196.5, 197], flags).recallAt1PercentFalseAlarms).toBeCloseTo(1 / 3, 12);
  });
});

const need = needs('python:sklearn');
need.describe("scikit-learn's figures", () => {
  const SCRIPT = `
import json, sys
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
answers = []
for scores, flags in json.load(sys.stdin):
    fpr, tpr, _ = roc_curve(flags, scores, drop_intermediate=False)
    answers.append([roc_auc_score(flags, scores), average_precision_score(flags, scores), tpr[fpr <= 0.01 + 1e-12].max()])
json.dump(answers, sys.stdout)`;

  need.it('are ours, with many ties and with few', () => {
    const cases = [3, 50, 1e9].map((distinct, seed) => {
      const scores = Array.from({ length: 3000 }, (_, i) => Math.round(Math.abs(Math.sin(i * 12.9 + seed)) * distinct));
      return [scores, scores.map((score, i) => (Math.sin(i * 3.3) + score / distinct > 0.9 ? 1 : 0))] as const;
    });
    const theirs = runPythonJson(SCRIPT, cases) as [number, number, number][];
    cases.forEach(([scores, flags], index) => {
      const ours = metrics(scores, flags);
      const [auroc, averagePrecision, recall] = theirs[index]!;
      expect(ours.auroc).toBeCloseTo(auroc, 10);
      expect(ours.averagePrecision).toBeCloseTo(averagePrecision, 10);
      expect(ours.recallAt1PercentFalseAlarms).toBeCloseTo(recall, 10);
    });
  });
});
