import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from '@jest/globals';
import { openDatabase } from '../../src/tables/duckdb.ts';
import { quoteText } from '../../src/tables/sql.ts';
import { openTable, type Table, type TableOptions } from '../../src/tables/table.ts';

/** Real data sets beside the project; tests that read them say `needs('shared')`. */
export const SHARED_DATA = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/data');

export interface DataFolder {
  path(name: string): string;
  /** Writes a text file and returns its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** Writes the rows of an SQL query as Parquet and returns the path. */
  writeParquet(name: string, select: string): Promise<string>;
  /** A table that is closed after the tests. */
  open(options: TableOptions): Promise<Table>;
}

/** A folder for a test file's data, removed after its tests. */
export function useDataFolder(): DataFolder {
  let folder = '';
  const tables: Table[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aristarch-test-'));
  });
  afterAll(async () => {
    await Promise.all(tables.map((table) => table.close()));
    await rm(folder, { recursive: true, force: true });
  });
  const path = (name: string) => join(folder, name);
  return {
    path,
    write: async (name, content) => {
      await writeFile(path(name), content);
      return path(name);
    },
    writeParquet: async (name, select) => {
      const db = await openDatabase({ threads: 1 });
      await db.run(`COPY (${select}) TO ${quoteText(path(name))} (FORMAT parquet)`);
      await db.close();
      return path(name);
    },
    open: async (options) => {
      const table = await openTable({ threads: 1, ...options });
      tables.push(table);
      return table;
    },
  };
}

export function toNdjson(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** All rows of a table, in order. */
export async function allRows(table: Table): Promise<Record<string, unknown>[]> {
  return table.query('* FROM data');
}
