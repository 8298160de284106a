import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { normalOrders, toCsv } from './orders.ts';
import { type TinyRun, trainTiny } from './tiny-training.ts';

export * from './orders.ts';
export * from './tiny-training.ts';

/** A model of orders, trained before the tests of a file and removed after them. */
export function useTinyModel(settings: Readonly<Record<string, unknown>> = {}, rows = 400): () => TinyRun {
  let home = '';
  let run: TinyRun | undefined;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'aristarch-tiny-'));
    const data = join(home, 'orders.csv');
    await writeFile(data, toCsv(normalOrders(rows)));
    run = await trainTiny({ data, out: join(home, 'orders'), ...settings });
  }, 180_000);
  afterAll(() => rm(home, { recursive: true, force: true }));
  return () => {
    if (!run) throw new Error('the model is trained in beforeAll: use it inside a test');
    return run;
  };
}
