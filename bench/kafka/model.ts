import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { resolveTrainConfig } from '../../src/training/config.ts';
import { trainModel } from '../../src/training/train.ts';
import { configHash } from '../quality/measure-set.ts';
import { FEATURES, normalRows } from '../serve/model.ts';
import { benchConfig } from '../support/detector.ts';

const TRAINING_ROWS = 5000;

/** The folder of a model of the default preset with so many number fields; trained once, kept in .cache/bench. */
export async function trainedModel(fields: number): Promise<string> {
  const folder = resolve(import.meta.dirname, `../../.cache/bench/kafka-${fields}-${configHash(benchConfig())}`);
  if (await stat(join(folder, 'manifest.json')).catch(() => undefined)) return folder;
  const home = await mkdtemp(join(tmpdir(), 'aristarch-bench-kafka-'));
  try {
    const data = join(home, 'rows.csv');
    const records = toRecords(TRAINING_ROWS, fields, 1);
    const lines = [Object.keys(records[0]!), ...records.map((record) => Object.values(record))];
    await writeFile(data, lines.map((cells) => cells.join(',')).join('\n'));
    const file = { data: [data], out: folder, seed: 1, device: 'cpu' };
    await trainModel(resolveTrainConfig({ flags: {}, env: {}, file }), {
      note: () => undefined,
      warn: (message) => console.error(message),
      onUpdates: () => undefined,
      signal: new AbortController().signal,
      now: () => new Date(),
      seconds: () => performance.now() / 1000,
      peakBytes,
    });
    return folder;
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Records f0, f1, ... with four decimals, as sensors and payments have them. */
export function toRecords(count: number, fields: number, seed: number): Record<string, number>[] {
  const rows = normalRows(count, seed);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      Array.from({ length: fields }, (_, f) => [`f${f}`, Number(rows[row * FEATURES + f]!.toFixed(4))]),
    ),
  );
}
