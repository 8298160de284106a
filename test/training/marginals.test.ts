import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { RawRecord } from '../../src/models/features/encode.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { marginalDistance } from '../../bench/fidelity/marginals.ts';
import { normalOrders, useTinyModel, type TinyRun } from '../support/train-tiny.ts';

const model = useTinyModel();
const plain = useTinyModel({ marginals: false });
const conditional = useTinyModel({ condition: ['colour'] });

async function sample({ folder }: TinyRun, condition?: RawRecord): Promise<readonly RawRecord[]> {
  const sampler = await openSampler(folder, { device: 'cpu' });
  const records: RawRecord[] = [];
  for await (const rows of sampler.sample(8000, { seed: 1, ...(condition && { condition }) }))
    records.push(...sampler.decode(rows));
  await sampler.close();
  return records;
}

const ORDERS = normalOrders(400);
const numbers = (records: readonly RawRecord[], name: string) => {
  const values = Float64Array.from(records, (record) => (record[name] === null ? NaN : Number(record[name])));
  return { name, kind: 'number', values } as const;
};
const levels = (records: readonly RawRecord[], name: string) =>
  ({ name, kind: 'category', values: records.map((record) => String(record[name])) }) as const;
const distances = (records: readonly RawRecord[]): Readonly<Record<string, number>> => ({
  ...Object.fromEntries(
    ['price', 'items', 'weight'].map((name) => [name, marginalDistance(numbers(ORDERS, name), numbers(records, name))]),
  ),
  ...Object.fromEntries(
    ['colour', 'wrapped'].map((name) => [name, marginalDistance(levels(ORDERS, name), levels(records, name))]),
  ),
});

describe('made-up rows of a model of a second', () => {
  it('have the spread of the training rows in each column, missing values and rare levels too', async () => {
    // 8,000 draws of a share are off by 0.017 at three standard deviations.
    for (const [name, distance] of Object.entries(distances(await sample(model())))) {
      expect([name, distance < 0.03]).toEqual([name, true]);
    }
  });

  it('have not without the last step, which is what --no-marginals leaves out', async () => {
    const all = Object.values(distances(await sample(plain())));
    expect(Math.max(...all)).toBeGreaterThan(0.1);
  });

  it('have it over all conditions together', async () => {
    const { price, items, weight, wrapped } = distances(await sample(conditional()));
    for (const distance of [price, items, weight, wrapped]) expect(distance).toBeLessThan(0.04);
  });

  it('are no matter of the critic, which is the same to the byte', async () => {
    const [a, b] = await Promise.all([model(), plain()].map(({ folder }) => readFile(join(folder, 'critic.onnx'))));
    expect(a!.equals(b!)).toBe(true);
  });
});
