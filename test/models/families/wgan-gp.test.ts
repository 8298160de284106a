import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { wganGp } from '../../../src/models/families/wgan-gp.ts';
import { fitTransform } from '../../../src/models/features/transform.ts';
import { layoutOf } from '../../../src/models/features/compact.ts';
import type { Field } from '../../../src/models/features/schema.ts';
import { resolveTrainConfig } from '../../../src/training/config.ts';

const NUMBER: Field = { kind: 'number', name: 'x', missing: false, integer: false };
const CATEGORY: Field = { kind: 'category', name: 'c', missing: false, levels: ['a', 'b'] };
const FLAG: Field = { kind: 'boolean', name: 'b', missing: false };

/** Width of each member's first layer, less that of the columns: its Fourier features. */
function fourierFeatures(fields: readonly Field[], file: Record<string, unknown> = {}): Record<string, number> {
  const { values } = resolveTrainConfig({ flags: {}, env: {}, file: { data: 'x.csv', generator: false, ...file } });
  const column = Float32Array.of(0, 1, 1, 0);
  const transform = fitTransform({ fields: [...fields], excluded: [] }, () => column, { numbers: 'auto' });
  const plans = wganGp.plan(values, { count: 4, transform, scale: 1 }, createRandom(1));
  const { expandedWidth } = layoutOf(transform);
  const widths = plans.map(({ task }) => {
    const first = task.initial.find(({ name }) => name === `${task.name}.0.weight`);
    return [task.name, first?.shape[0] ?? NaN] as const;
  });
  return Object.fromEntries(widths.map(([name, width]) => [name, width - expandedWidth]));
}

describe('the Fourier features of the members', () => {
  it('are the same in a table of numbers', () => {
    expect(fourierFeatures([NUMBER])).toEqual({ logistic: 256, wasserstein: 256 });
  });

  it.each([
    ['categories', CATEGORY],
    ['flags', FLAG],
  ])('are half as many for the WGAN-GP member in a table with %s', (_, field) => {
    expect(fourierFeatures([NUMBER, field])).toEqual({ logistic: 256, wasserstein: 128 });
  });

  it('follow the setting', () => {
    expect(fourierFeatures([NUMBER, CATEGORY], { fourierFeatures: 301 })).toEqual({ logistic: 301, wasserstein: 151 });
  });
});
