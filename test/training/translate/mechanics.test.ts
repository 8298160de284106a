import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { resolveSettings } from '../../../src/base/settings.ts';
import { radialgan } from '../../../src/models/families/radialgan.ts';
import type { NumberPlace } from '../../../src/models/radial/places.ts';
import type { Executor, NumberArray } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { fitTranslation, type FittedTranslation } from '../../../src/training/translate/fit-translation.ts';
import { measurements, toSource } from '../../support/plants.ts';

const ulm = toSource('ulm', measurements('ulm', 50));
const brest = toSource('brest', measurements('brest', 300));
const turin = toSource('turin', measurements('turin', 200));
const SHARED = ['load', 'heat', 'vibration'];

describe('a translation between plants, one with 50 rows', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  });
  afterAll(() => executor.close());

  const fit = (file: Readonly<Record<string, unknown>>): Promise<FittedTranslation> =>
    fitTranslation({
      ...{ executor, random: createRandom(1), family: radialgan, numbers: 'standard', classes: 2 },
      values: resolveSettings(radialgan.settings, { flags: {}, env: {}, file }),
      sources: [ulm, brest, turin],
    });

  /** Root mean square over the shared numbers, in standard deviations: of what brest's rows move by, and of a round trip. */
  async function measure(fitted: FittedTranslation): Promise<{ moved: number; roundTrip: number }> {
    const there = await fitted.translate(brest, 'ulm', { seed: 1 });
    const back = await fitted.translate({ ...ulm, rows: there, classes: brest.classes! }, 'brest', { seed: 2 });
    const before = zScores(fitted, 'brest', brest.rows);
    return {
      moved: distance(before, zScores(fitted, 'ulm', there)),
      roundTrip: distance(before, zScores(fitted, 'brest', back)),
    };
  }

  it('moves rows less than 0.1 standard deviations before it is trained', async () => {
    expect((await measure(await fit({ translationSteps: 0 }))).moved).toBeLessThan(0.1);
  }, 60_000);

  it('moves rows less than 0.3 by default, and brings them back within 0.2', async () => {
    const { moved, roundTrip } = await measure(await fit({}));
    expect(moved).toBeLessThan(0.3);
    expect(roundTrip).toBeLessThan(0.2);
  }, 120_000);

  it('without the identity penalty comes back at least three times nearer with the cycle terms', async () => {
    const cycled = await measure(await fit({ identityWeight: 0 }));
    const free = await measure(await fit({ identityWeight: 0, cycleWeight: 0, latentCycleWeight: 0 }));
    expect(cycled.roundTrip).toBeLessThan(free.roundTrip / 3);
  }, 240_000);
});

function zScores({ union }: FittedTranslation, source: string, { data, shape }: NumberArray): number[] {
  const [n = 0, width = 0] = shape;
  const at = union.sources.findIndex(({ name }) => name === source);
  return SHARED.flatMap((name) => {
    const place: NumberPlace = union.numbers.find((number) => number.name === name)!.places[at]!;
    return Array.from({ length: n }, (_, row) => {
      const value = data[row * width + place.slot]!;
      return ((Number.isNaN(value) ? place.imputed : value) - place.mean) / place.deviation;
    });
  });
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0) / a.length);
}
