import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRandom } from '../../src/base/philox.ts';
import { decodeRecords } from '../../src/models/features/decode.ts';
import { GENERATED_OUTPUT, LATENT_INPUT } from '../../src/models/generator-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { resolveTrainConfig } from '../../src/training/config.ts';
import { exportGenerator } from '../../src/training/export-generator.ts';
import { fitCritics } from '../../src/training/fit/fit-critics.ts';
import { prepareData } from '../../src/training/prepare-data.ts';
import { cpuClock, fitOptions } from '../support/detector.ts';
import type { Cell } from './columns.ts';
import type { SplitFiles } from './sets.ts';

export interface MadeRows {
  readonly path: string;
  /** Processor time of training and sampling, where there was any. */
  readonly seconds: number | null;
}

/**
 * As many rows as there are training rows, by the generator that `train` makes by default: its members and its calibration are
 * left out here, and are no matter of the generator. Columns that training leaves out are constant, and are written as such.
 */
export async function makeOurs(
  executor: Executor,
  files: SplitFiles,
  seed: number,
  marginals: boolean,
): Promise<MadeRows> {
  await mkdir(files.folder, { recursive: true });
  const schema = join(files.folder, 'schema.json');
  const fields = Object.fromEntries(Object.entries(files.kinds).filter(([, kind]) => kind === 'category'));
  await writeFileAtomic(schema, JSON.stringify({ fields }));
  const config = resolveTrainConfig({ flags: {}, env: {}, file: { data: [files.train], schema, device: 'cpu' } });
  const data = await prepareData(config);
  const clock = cpuClock();
  const chosen = createRandom(seed).stream('order').permutation(data.rows.count);
  const options = fitOptions(executor, config, data.schema, seed);
  const model = await fitCritics(options, 'final', { matrix: data.table, chosen }, ({ role }) => role === 'own');
  const bytes = await exportGenerator({ executor, schema: data.schema, model, rows: data.table, seed, marginals });
  const { latent, levelNoise } = model.critics[0]!.plan.generator!;
  const count = data.rows.count;
  const z = new Float32Array(count * (latent + levelNoise));
  createRandom(seed).stream('sample').fillNormal(z, 0);
  const session = await executor.load(bytes!);
  const results = await session.run({ [LATENT_INPUT]: { data: z, shape: [count, latent + levelNoise] } });
  await session.close();
  const seconds = clock();
  const constants = Object.fromEntries(data.schema.excluded.map(({ name }) => [name, 0]));
  const records = decodeRecords(data.schema, results[GENERATED_OUTPUT]!.data).map((made) => ({
    ...constants,
    ...made,
  }));
  const path = join(files.folder, marginals ? 'aristarch.csv' : 'aristarch-plain.csv');
  await writeCsv(path, Object.keys(files.kinds), records);
  return { path, seconds };
}

async function writeCsv(path: string, names: readonly string[], records: readonly Readonly<Record<string, unknown>>[]) {
  const lines = records.map((record) => names.map((name) => String((record[name] as Cell) ?? '')).join(','));
  await writeFileAtomic(path, `${[names.join(','), ...lines].join('\n')}\n`);
}

/** Each column of the training rows in an order of its own: right in every column, and nothing goes together. */
export async function makeIndependent(files: SplitFiles, text: string, seed: number): Promise<MadeRows> {
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const rows = lines.map((line) => line.split(','));
  const orders = header
    .split(',')
    .map((name) => createRandom(seed).stream('independent', name).permutation(rows.length));
  const mixed = rows.map((_, row) => orders.map((order, column) => rows[order[row]!]![column]).join(','));
  const path = join(files.folder, 'independent.csv');
  await writeFileAtomic(path, `${[header, ...mixed].join('\n')}\n`);
  return { path, seconds: null };
}
