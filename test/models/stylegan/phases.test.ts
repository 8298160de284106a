import { describe, expect, it } from '@jest/globals';
import { resolveSettings } from '../../../src/base/settings.ts';
import { stylegan } from '../../../src/models/families/stylegan.ts';

/** Steps of each phase at the full size, of a run whose last phase is cut into so many parts. */
function stepsAtFullSize(lastParts: number): number[] {
  const file = {
    ...{ imageSize: 8, latent: 4, mappingLayers: 1, channelBase: 16, channelMost: 2, ownBatch: 4 },
    ...{ growFrom: 4, phaseImages: 10, lastImages: 90, lastParts, regulariserInterval: 2 },
  };
  const plan = stylegan.planGame!(resolveSettings(stylegan.settings, { flags: {}, env: {}, file }), {
    ...{ channels: 1, size: 8 },
  });
  return plan.phases.filter(({ size }) => size === 8).map((phase) => plan.taskOf(phase, 20).steps);
}

describe('phases of a StyleGAN', () => {
  it('take as many steps in parts as in one', () => {
    const total = (steps: readonly number[]): number => steps.reduce((sum, each) => sum + each, 0);
    const whole = total(stepsAtFullSize(1));
    expect(whole).toBe(13); // 100 images of that size, 8 in a step
    for (const parts of [2, 3, 4, 7, 9]) expect(total(stepsAtFullSize(parts))).toBe(whole);
  });
});
