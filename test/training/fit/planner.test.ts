import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { fitTransform } from '../../../src/models/features/transform.ts';
import { resolveTrainConfig } from '../../../src/training/config.ts';
import { planner } from '../../../src/training/fit/planner.ts';

const FIELDS = [{ kind: 'number' as const, name: 'x', missing: false, integer: false }];

/** Steps of each task, planned with a share of so many updates. */
function stepsAt(share: number, steps: number): number[] {
  const config = resolveTrainConfig({ flags: {}, env: {}, file: { data: 'x.csv', generator: false, steps } });
  const schema = { fields: FIELDS, excluded: [] };
  const transform = fitTransform(schema, () => Float32Array.of(0, 1, 2, 3), { numbers: 'auto' });
  return planner(config, share)({ count: 4, transform, scale: 1 }, createRandom(1)).map(({ task }) => task.steps);
}

describe('the plan of a fold', () => {
  it('has the share of the updates that was asked for, in every critic', () => {
    expect(stepsAt(1, 1000)).toEqual([1000, 1000]);
    expect(stepsAt(0.5, 1000)).toEqual([500, 500]);
  });

  it('has at least ten updates, but never more than the final critics', () => {
    expect(stepsAt(0.5, 12)).toEqual([10, 10]);
    expect(stepsAt(0.5, 4)).toEqual([4, 4]);
  });
});
