import { describe, expect, it } from '@jest/globals';
import { sum } from '../../src/graph/operations.ts';
import type { CriticPlan } from '../../src/models/critics/critic-plan.ts';
import { fitTransform } from '../../src/models/features/transform.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import { evaluateReference } from '../support/reference.ts';

const ROWS = Float64Array.of(1, 2, 4);
const field = { kind: 'number', name: 'x', missing: false, integer: false } as const;
const transform = fitTransform({ fields: [field], excluded: [] }, () => Float32Array.from(ROWS), {
  numbers: 'standard',
});

/** Scores by the exported graph of an own critic f(x) = x. */
function scoresOf(high: CriticPlan['high']): number[] {
  const task = createStepBuilder().finish({ name: 'own', title: 'own', steps: 1, updatesPerStep: 1 });
  const plan: CriticPlan = { task, role: 'own', high, weight: 1, score: (x) => sum(x, [1], true) };
  const graph = scoringGraph(1, transform, [{ plan, weights: {}, mean: 0, deviation: 1 }]);
  const feeds = { [ROWS_INPUT]: { shape: [3, 1], data: ROWS } };
  return [...evaluateReference([graph.outputs[SCORES_OUTPUT]!], feeds)[0]!.data];
}

describe('the exported score', () => {
  it('is higher for more anomalous rows: a critic that is high on normal rows is negated, and no other', () => {
    const anomalous = scoresOf('anomalous');
    expect(anomalous[2]! - anomalous[0]!).toBeGreaterThan(1);
    expect(scoresOf('normal')).toEqual(anomalous.map((score) => -score));
  });
});
