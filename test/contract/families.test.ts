import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { FAMILIES } from '../../src/models/families/index.ts';
import { useDataFolder } from '../support/data-files.ts';
import { normalOrders, ODD_ORDER, toCsv, trainTiny } from '../support/train-tiny.ts';
import { describeContract, type ContractSubject } from './describe-contract.ts';

/** Orders of which one thing is wrong: a price of another kind of goods, wrapping that does not go with the items, a time at night. */
function wrongOrders(count: number): ContractSubject['anomalies'] {
  const which = new Float32Array(count);
  createRandom(1).stream('wrong').fillIntegers(which, 0, 3);
  return normalOrders(count, 31).map((order, row) => {
    if (which[row] === 0) return { ...order, price: order.price * 300 };
    if (which[row] === 1) return { ...order, wrapped: !order.wrapped, weight: 40 };
    return { ...order, colour: 'black', at: '2024-02-01T03:00:00Z' };
  });
}

/** Two shops more, one of which weighs nothing: sources of a family that translates. */
async function writeOtherShops(path: (name: string) => string): Promise<string[]> {
  const [south, north] = [path('south.csv'), path('north.csv')];
  await writeFile(south, toCsv(normalOrders(200, 41)));
  await writeFile(
    north,
    toCsv(
      normalOrders(200, 42).map(({ price, items, colour, wrapped, at }) => ({ price, items, colour, wrapped, at })),
    ),
  );
  return [`south=${south}`, `north=${north}`];
}

/** A model of orders by some settings, and what holds it to the contract. */
async function trainSubject(
  path: (name: string) => string,
  settings: Readonly<Record<string, unknown>>,
  rows: number,
  translates = false,
): Promise<ContractSubject> {
  const data = path('orders.csv');
  await writeFile(data, toCsv(normalOrders(rows)));
  const from = translates
    ? { source: [`shop=${data}`, ...(await writeOtherShops(path))], target: 'shop', translationSteps: 20 }
    : { data };
  const train = async (name: string) => (await trainTiny({ ...from, out: path(name), ...settings })).folder;
  return {
    folder: await train('model'),
    normals: normalOrders(600, 21),
    outlier: ODD_ORDER,
    anomalies: wrongOrders(100),
    again: train,
  };
}

const STEPS = { steps: 300 };

// Every family and every preset: a new one is held to the contract without a line here.
for (const family of Object.values(FAMILIES)) {
  for (const [preset, { score }] of Object.entries(family.presets)) {
    const settings = { ...STEPS, family: family.name, preset };
    const terms = { auroc: score === 'own' ? ('none' as const) : 0.9 };
    const translates = family.planTranslation !== undefined;
    const make = (path: (name: string) => string) => trainSubject(path, settings, 2500, translates);
    describeContract(`${family.name}, preset ${preset}`, make, terms);
  }
}

describeContract('a model by members and own critic', (path) => trainSubject(path, { ...STEPS, score: 'both' }, 2500), {
  auroc: 0.85,
});

describeContract(
  'a critic with every layer: dropout and the batch are for training only',
  (path) => {
    const layers = { criticNorm: 'spectral', criticDropout: 0.3, minibatch: 'discrimination', generatorAverage: 0.9 };
    return trainSubject(path, { ...STEPS, ...layers, family: 'gan', preset: 'mescheder' }, 2500);
  },
  { auroc: 'none' },
);

describeContract(
  'a model calibrated by folds',
  (path) => trainSubject(path, { ...STEPS, folds: 3, generator: false }, 600),
  { auroc: 0.85 },
);

describeContract(
  'a model with a condition, calibrated by its levels',
  (path) => trainSubject(path, { ...STEPS, condition: ['wrapped'], generator: false }, 2500),
  { auroc: 0.85 },
);

describeContract(
  'a model that went on from another',
  async (path) => {
    const first = await trainSubject(path, STEPS, 2500);
    const newer = path('newer.csv');
    await writeFile(newer, toCsv(normalOrders(2200, 8)));
    const goOn = async (name: string) =>
      (await trainTiny({ data: newer, out: path(name), ...STEPS, fromModel: first.folder })).folder;
    return { ...first, folder: await goOn('newer'), again: goOn };
  },
  { auroc: 0.9 },
);

describe('a model that scores by a critic trained against a generator only', () => {
  const folder = useDataFolder();

  it('says that it is no detector', async () => {
    const data = folder.path('orders.csv');
    await writeFile(data, toCsv(normalOrders(2100)));
    const { warnings } = await trainTiny({ data, out: folder.path('own'), steps: 5, score: 'own' });
    expect(warnings.join('\n')).toMatch(/from far below to far above chance as a detector/);
  });
});
