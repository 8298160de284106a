import { describe, expect, it } from '@jest/globals';
import { resolveSettings } from '../../../src/base/settings.ts';
import { stylegan } from '../../../src/models/families/stylegan.ts';
import { schedulePhases } from '../../../src/models/stylegan/phases.ts';

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
  it('are one table: each size fades in, settles, and the last one is cut into parts', () => {
    const rows = schedulePhases({ size: 16, growFrom: 4, phaseImages: 100, lastImages: 250, lastParts: 2 });
    const table = rows.map(({ name, size, isFading, images, imagesBefore }) => [
      ...[name, size, isFading, images, imagesBefore],
    ]);
    expect(table).toEqual([
      ['4-settle', 4, false, 100, 0],
      ['8-fade', 8, true, 100, 0],
      ['8-settle', 8, false, 100, 100],
      ['16-fade', 16, true, 100, 0],
      ['16-1', 16, false, 125, 100],
      ['16-2', 16, false, 125, 225],
    ]);
  });

  it("are those of the paper in ProGAN's preset: 800,000 images a phase, from 4 x 4 to 1024 x 1024", () => {
    const { values } = stylegan.presets['progan']!;
    const file = { ...values, imageSize: 1024 };
    const plan = stylegan.planGame!(resolveSettings(stylegan.settings, { flags: {}, env: {}, file }), {
      ...{ channels: 3, size: 1024 },
    });
    const grown = plan.phases.filter(({ size, isFading }) => size < 1024 || isFading);
    expect(grown).toHaveLength(1 + 2 * 7 + 1);
    expect(grown.every(({ images }) => images === 800_000)).toBe(true);
  });

  it('take as many steps in parts as in one', () => {
    const total = (steps: readonly number[]): number => steps.reduce((sum, each) => sum + each, 0);
    const whole = total(stepsAtFullSize(1));
    expect(whole).toBe(13); // 100 images of that size, 8 in a step
    for (const parts of [2, 3, 4, 7, 9]) expect(total(stepsAtFullSize(parts))).toBe(whole);
  });
});
