import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { rawRowBatches } from '../../src/models/features/raw-rows.ts';
import type { FeatureSchema } from '../../src/models/features/schema.ts';
import { openTable } from '../../src/tables/table.ts';

/** Folder of the labelled sets, which are not part of the project; each file has number columns and `label` (1 = anomaly). */
export const DATA_FOLDER = resolve(import.meta.dirname, '../../../shared/data');
/** Families of sets, by the folder's name. */
export const FAMILIES = ['adbench', 'mvtec-features'] as const;
export type SetFamily = (typeof FAMILIES)[number];

export interface OpenSet {
  readonly family: SetFamily;
  readonly name: string;
  readonly path: string;
}

export interface LabelledRows {
  /** [count, width], packed, in the order of the file. */
  readonly rows: Float32Array;
  readonly width: number;
  /** 1 = anomaly. */
  readonly anomalous: Uint8Array;
}

/** The sets that decisions may be taken on; all others are run once for each candidate, and reported. */
export const TUNING_SETS: ReadonlySet<string> = new Set([
  ...['cardio', 'landsat', 'satellite', 'Ionosphere', 'fault', 'Pima'],
  ...['Waveform', 'vowels', 'letter', 'SpamBase', 'mnist', 'thyroid'],
]);

/** The sets that are there, all or those named (`tuning` names the twelve). Throws where a name is unknown. */
export function findOpenSets(names: readonly string[] = []): OpenSet[] {
  const all = FAMILIES.flatMap((family) => {
    const folder = join(DATA_FOLDER, family);
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.parquet')) : [];
    return files.sort().map((file) => ({ family, name: basename(file, '.parquet'), path: join(folder, file) }));
  });
  if (all.length === 0) throw new Error(`there are no data sets at ${DATA_FOLDER}`);
  const wanted = new Set(names.flatMap((name) => (name === 'tuning' ? [...TUNING_SETS] : [name])));
  const unknown = [...wanted].find((name) => !all.some((set) => set.name === name || set.family === name));
  if (unknown !== undefined)
    throw new Error(`there is no set ${unknown}; known: ${all.map(({ name }) => name).join(', ')}`);
  return wanted.size === 0 ? all : all.filter(({ name, family }) => wanted.has(name) || wanted.has(family));
}

export async function readOpenSet({ path }: OpenSet): Promise<LabelledRows> {
  const table = await openTable({ data: [path], threads: 1 });
  try {
    const names = table.columns.map(({ name }) => name).filter((name) => name !== 'label');
    const schema = numberSchema(names);
    const width = names.length;
    const rows = new Float32Array(table.rowCount * width);
    const anomalous = new Uint8Array(table.rowCount);
    for await (const batch of rawRowBatches(table, schema, { beside: ['label'] })) {
      rows.set(batch.rows, batch.firstRow * width);
      batch.beside['label']!.forEach((label, index) => (anomalous[batch.firstRow + index] = Number(label) > 0 ? 1 : 0));
    }
    return { rows, width, anomalous };
  } finally {
    await table.close();
  }
}

export function numberSchema(names: readonly string[]): FeatureSchema {
  const fields = names.map((name) => ({ kind: 'number', name, missing: false, integer: false }) as const);
  return { fields, excluded: [] };
}
