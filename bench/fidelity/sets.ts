import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRandom } from '../../src/base/philox.ts';
import { openTable } from '../../src/tables/table.ts';
import { DATA_FOLDER } from '../support/open-sets.ts';
import type { Cell, ColumnKinds } from './columns.ts';

/** A labelled set whose rows, label and all, a generator learns to make up. */
export interface FidelitySet {
  readonly name: string;
  readonly summary: string;
  /** Below the data folder. */
  readonly files: readonly string[];
  /** Columns that are left out. */
  readonly without?: readonly string[];
  /** Columns that are categories; the others are numbers. The label is one. */
  readonly categories: readonly string[];
  /** Most rows that are used, drawn with the seed. */
  readonly rows?: number;
}

export const TARGET = 'label';

const HOSPITALS = ['cleveland', 'hungarian', 'switzerland', 'va'];
const HEART_CODES = ['sex', 'cp', 'fbs', 'restecg', 'exang', 'slope', 'ca', 'thal'];
const NSL_KDD_CODES = ['protocol_type', 'service', 'flag', 'land', 'logged_in', 'root_shell', 'is_guest_login'];

/** The sets of the page. No setting of the generator was chosen on them: that was done on `TUNING_SETS`. */
export const FIDELITY_SETS: readonly FidelitySet[] = [
  {
    name: 'heart',
    summary: 'four hospitals, clinical findings with many missing values',
    files: HOSPITALS.map((name) => `heart/${name}.parquet`),
    categories: [...HEART_CODES, TARGET],
  },
  {
    name: 'nsl-kdd',
    summary: 'network connections, normal ones and attacks',
    files: ['nsl-kdd/test.parquet'],
    without: ['attack'],
    categories: [...NSL_KDD_CODES, TARGET],
    rows: 4500,
  },
  {
    name: 'PageBlocks',
    summary: 'measures of blocks of a page',
    files: ['adbench/PageBlocks.parquet'],
    categories: [TARGET],
  },
  {
    name: 'Cardiotocography',
    summary: 'measures of heart rates',
    files: ['adbench/Cardiotocography.parquet'],
    categories: [TARGET],
  },
];

export const TUNING_SETS: readonly FidelitySet[] = [
  {
    name: 'nsl-kdd-normal',
    summary: 'normal network connections, to tell whether they are logged in',
    files: ['nsl-kdd/normal.parquet'],
    without: ['attack'],
    categories: [...NSL_KDD_CODES],
    rows: 4500,
  },
  { name: 'Pima', summary: 'findings of patients', files: ['adbench/Pima.parquet'], categories: [TARGET] },
  { name: 'Waveform', summary: 'made waves', files: ['adbench/Waveform.parquet'], categories: [TARGET] },
];

/** Two thirds of the rows to learn from, one third to compare with, as files of the user's own kind. */
export interface SplitFiles {
  readonly folder: string;
  readonly train: string;
  readonly test: string;
  readonly kinds: ColumnKinds;
}

/** Finds sets by name; throws where a name is unknown or its data are not there. */
export function findFidelitySets(names: readonly string[]): FidelitySet[] {
  const known = [...FIDELITY_SETS, ...TUNING_SETS];
  const unknown = names.find((name) => !known.some((set) => set.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no set ${unknown}; known: ${known.map(({ name }) => name).join(', ')}`);
  }
  const chosen = names.length === 0 ? [...FIDELITY_SETS] : known.filter(({ name }) => names.includes(name));
  const absent = chosen.flatMap(pathsOf).find((path) => !existsSync(path));
  if (absent !== undefined) throw new Error(`the data are not there: ${absent}`);
  return chosen;
}

const pathsOf = ({ files }: FidelitySet): string[] => files.map((file) => join(DATA_FOLDER, file));

const WORK_FOLDER = resolve(import.meta.dirname, '../../.cache/bench/fidelity');

/** Splits a set at random, and writes both parts as CSV. */
export async function splitSet(set: FidelitySet, seed: number): Promise<SplitFiles> {
  const folder = join(WORK_FOLDER, `${set.name}-${seed}`);
  await mkdir(folder, { recursive: true });
  const table = await openTable({ data: pathsOf(set), threads: 1 });
  try {
    const names = table.columns.map(({ name }) => name).filter((name) => !set.without?.includes(name));
    const records = await table.query('* FROM data');
    const order = [...createRandom(seed).stream('fidelity', set.name).permutation(records.length)];
    const used = order.slice(0, set.rows);
    const cut = Math.round((2 / 3) * used.length);
    const write = async (part: string, rows: readonly number[]): Promise<string> => {
      const path = join(folder, `${part}.csv`);
      const lines = rows.map((row) => names.map((name) => toCell(records[row]![name] as Cell)).join(','));
      await writeFileAtomic(path, `${[names.join(','), ...lines].join('\n')}\n`);
      return path;
    };
    const kinds = names.map((name) => [name, set.categories.includes(name) ? 'category' : 'number'] as const);
    return {
      folder,
      train: await write('train', used.slice(0, cut)),
      test: await write('test', used.slice(cut)),
      kinds: Object.fromEntries(kinds),
    };
  } finally {
    await table.close();
  }
}

/** None of the sets has texts with commas or quotes. */
function toCell(value: Cell): string {
  return value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
}
