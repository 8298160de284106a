import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { createTrainCommand } from '../../../src/training/command.ts';
import type { TrainResult } from '../../../src/training/export-model.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';
import { normalOrders, toCsv, useTinyModel } from '../../support/train-tiny.ts';

const original = useTinyModel({ steps: 300 }, 3000);
const folder = useDataFolder();

type Orders = ReturnType<typeof normalOrders>;

async function writeOrders(name: string, orders: readonly Readonly<Record<string, unknown>>[]): Promise<string> {
  const path = folder.path(name);
  await writeFile(path, toCsv(orders as Orders));
  return path;
}

/** Runs `train --from-model`; the parsed result, or the error's text. */
async function goOn(flags: readonly string[], from = original().folder) {
  const terminal = createListeningTerminal();
  const all = ['--from-model', from, '--json', '--device', 'cpu', ...flags];
  await createTrainCommand(terminal).parseAsync(all, { from: 'user' });
  // Errors are JSON, which escapes quotes.
  const error = terminal.err().replaceAll('\\"', '"');
  return { error, result: () => JSON.parse(terminal.out()) as TrainResult };
}

/** Orders in another currency. */
const dearer = (count: number): Orders =>
  normalOrders(count, 7).map((order) => ({ ...order, price: order.price * 40 }));

describe('train --from-model', () => {
  it('goes on from the weights: with a learning rate of next to nothing the critic stays the one it was', async () => {
    const data = await writeOrders('same.csv', normalOrders(2500, 5));
    const rates = ['--learning-rate', '1e-9', '--own-learning-rate', '1e-9'];
    const { result } = await goOn(['--data', data, '--out', folder.path('same'), ...rates]);
    const { comparison } = result();
    expect(comparison!.rankCorrelation).toBeGreaterThan(0.999);
    expect(comparison!.distance).toBeLessThan(2 * comparison!.distanceByChance);
    expect(comparison!.old).toMatchObject({ name: 'orders', version: original().result.version });
  }, 60_000);

  it('keeps fields, settings and networks, and says what it came from', async () => {
    const data = await writeOrders('dearer.csv', dearer(2500));
    const { result } = await goOn(['--data', data, '--out', folder.path('dearer'), '--steps', '40']);
    const { manifest } = await readArtefact(result().model);
    const before = (await readArtefact(original().folder)).manifest;
    expect(manifest.features).toEqual(before.features);
    expect(manifest.name).toBe('orders');
    expect(manifest.training.config).toMatchObject({ hidden: [24, 24], fourierFeatures: 16, batch: 32, steps: 40 });
    expect(manifest.training.continuedFrom).toEqual({ name: 'orders', version: before.version });
    expect(manifest.version).not.toBe(before.version);
  }, 60_000);

  it('shows on the same rows that the old model alarms too often after a change, and the new one as often as asked', async () => {
    const data = await writeOrders('dearer.csv', dearer(4000));
    const { result } = await goOn(['--data', data, '--out', folder.path('dearer-2')]);
    const { comparison } = result();
    expect(comparison!.rows).toBe(800);
    expect(comparison!.distance).toBeGreaterThan(comparison!.distanceByChance);
    const atFive = comparison!.rates.find(({ rate }) => rate === 0.05)!;
    expect(atFive.old).toBeGreaterThan(0.1);
    expect(atFive.new).toBeGreaterThan(0.02);
    expect(atFive.new).toBeLessThan(0.09);
    const report = await readFile(join(result().model, 'report.html'), 'utf8');
    expect(report).toContain('Old and new on the same held-out rows');
    expect(report).toMatch(/differ from\s+those of its own calibration/);
  }, 60_000);

  it('can go on from a model that went on itself', async () => {
    const data = await writeOrders('same.csv', normalOrders(2500, 5));
    const rates = ['--learning-rate', '1e-9', '--own-learning-rate', '1e-9', '--data', data];
    const second = (await goOn([...rates, '--out', folder.path('second'), '--seed', '99'])).result();
    const third = (await goOn([...rates, '--out', folder.path('third'), '--seed', '5'], second.model)).result();
    expect(third.comparison!.rankCorrelation).toBeGreaterThan(0.999);
  }, 60_000);

  it('warns of levels that the model does not know, which would be normal from now on', async () => {
    const data = await writeOrders('violet.csv', [
      ...normalOrders(2400, 5),
      ...normalOrders(100, 6).map((order) => ({ ...order, colour: 'violet' })),
    ]);
    const { error } = await goOn(['--data', data, '--out', folder.path('violet'), '--steps', '5']);
    expect(error).toMatch(/100 of 2500 rows have levels of "colour" that the model .* does not know/);
  }, 60_000);
});

describe('train --from-model refuses', () => {
  const refusal = async (flags: readonly string[], from?: string): Promise<string> => {
    const data = await writeOrders('same.csv', normalOrders(2100, 5));
    const { error } = await goOn(['--data', data, '--out', folder.path('refused'), ...flags], from);
    return error;
  };

  it('other networks', async () => {
    expect(await refusal(['--hidden', '16,16'])).toMatch(
      /the logistic member of this run is not the one of the model to go on from: settings that shape networks/,
    );
  });

  it('a schema of its own', async () => {
    const schema = folder.path('schema.json');
    await writeFile(schema, '{"fields": {}}');
    expect(await refusal(['--schema', schema])).toMatch(/--from-model keeps the fields of its model/);
  });

  it('a model without weights', async () => {
    const bare = await writeTinyModel(folder.path('bare'));
    expect(await refusal([], bare)).toMatch(/holds no weights\.bin to go on from: train it again/);
  });

  it('rows that lack a field, in a dry run too', async () => {
    const data = await writeOrders(
      'no-price.csv',
      normalOrders(100).map(({ items, colour }) => ({ items, colour })),
    );
    const { error } = await goOn(['--data', data, '--dry-run']);
    expect(error).toMatch(/lacks columns that the model needs: "price", "weight"/);
  });

  it('a place that is taken, like any training', async () => {
    expect(await refusal(['--out', original().folder])).toMatch(/already exists/);
  });
});
