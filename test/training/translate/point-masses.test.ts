import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { resolveSettings } from '../../../src/base/settings.ts';
import { radialgan } from '../../../src/models/families/radialgan.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { fitTranslation, type TranslationSource } from '../../../src/training/translate/fit-translation.ts';

const COUNT = 60;

/** Rows of one number that is often the least, seldom the most, and between them by an arithmetic rule. */
function source(name: string, least: number, unit: number, share: number): TranslationSource {
  const schema = { fields: [{ name: 'rain', kind: 'number', missing: false, integer: false }], excluded: [] } as const;
  const dry = Math.round(share * COUNT);
  const data = Float32Array.from({ length: COUNT }, (_, row) => (row < dry ? least : least + unit * (row - dry + 1)));
  return { name, schema, rows: { data, shape: [COUNT, 1] } };
}

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

async function translated(from: TranslationSource, to: TranslationSource): Promise<Float32Array> {
  const file = { translationSteps: 30 };
  const fitted = await fitTranslation({
    ...{ executor, random: createRandom(1), family: radialgan, numbers: 'standard', sources: [from, to] },
    values: resolveSettings(radialgan.settings, { flags: {}, env: {}, file }),
  });
  return (await fitted.translate(from, to.name, { seed: 1 })).data;
}

describe('a value at the end of the range that many rows have', () => {
  const inches = source('inches', 0, 0.1, 0.5);

  it("becomes the target's, whatever the units, and other values do not", async () => {
    const millimetres = source('millimetres', 1, 2.5, 0.4);
    const values = await translated(inches, millimetres);
    for (const [row, value] of inches.rows.data.entries()) {
      if (value === 0) expect(values[row]).toBe(1);
      else expect(values[row]).not.toBe(1);
    }
  });

  it('is translated as all others are where the target has no such value', async () => {
    const even = source('even', 5, 1, 0.05);
    const values = await translated(inches, even);
    expect(values[0]).not.toBe(5);
    expect(new Set(values.slice(0, 30)).size).toBe(1);
  });
});
