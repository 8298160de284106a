import { expect, it } from '@jest/globals';
import { input } from '../../../src/graph/operations.ts';
import type { Draw } from '../../../src/models/task.ts';
import { stepsWithin } from '../../../src/training/steps/draws.ts';

it('a call holds as many steps as their draws take 256 MiB, and one at least', () => {
  const draw = (shape: readonly number[]): Draw => ({ kind: 'normal', input: input('x', shape) });
  const copies = draw([48, 3, 512, 512]);
  expect(stepsWithin({ draws: [copies] })).toBe(1);
  expect(stepsWithin({ draws: [draw([48, 3, 128, 128])] })).toBe(28);
  expect(stepsWithin({ draws: [draw([256, 40]), draw([])] })).toBeGreaterThan(1000);
  expect(stepsWithin({ draws: [] })).toBeGreaterThan(1000);
  expect(stepsWithin({ draws: [draw([10]), draw([15])] }, 1000)).toBe(10);
});
