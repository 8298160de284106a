import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { parseFault } from './duckdb-faults.ts';
import { checkFormat, type Format } from './formats.ts';
import { quoteText } from './sql.ts';

/** Images are only read: no ending of `WRITTEN` is theirs. */
export type WrittenFormat = Exclude<Format, 'image'>;

const COPY_OPTIONS: { readonly [F in WrittenFormat]: string } = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER true',
  json: 'FORMAT json',
};
/** JSON text that is not one record a line is nothing we write. */
const WRITTEN = /\.(parquet|pq|csv|tsv|ndjson|jsonl|csv\.gz|tsv\.gz|ndjson\.gz|jsonl\.gz)$/i;

/**
 * The format that a file to be written has by its ending. Throws `INVALID_INPUT` for an unknown ending and for a folder,
 * `NOT_FOUND` where there is no folder to write into. Long work asks this before it starts. `further` says what else the caller writes.
 */
export function checkOutput(path: string, further = ''): WrittenFormat {
  const folder = dirname(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new AristarchError('NOT_FOUND', `there is no folder ${folder} to write ${basename(path)} into: make it`, {
      path,
    });
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new AristarchError('INVALID_INPUT', `${path} is a folder: give the name of a file in it`, { path });
  }
  const format = WRITTEN.test(path) ? checkFormat(path) : 'image';
  if (format !== 'image') return format;
  const message = `${path} does not say by its ending what to write: use .parquet, .csv, .tsv or .ndjson, the last three also with .gz${further}`;
  throw new AristarchError('INVALID_INPUT', message, { path });
}

/** Refuses to write into the place of the data that are read: with `where` or `exclude`, some of them would be lost. */
export function checkNotSource(files: readonly string[], path: string): void {
  if (!existsSync(path)) return;
  const target = realpathSync(path);
  if (!files.some((file) => existsSync(file) && realpathSync(file) === target)) return;
  const message = `${path} is the data itself, which the result would replace: give another name`;
  throw new AristarchError('INVALID_INPUT', message, { path });
}

/** Writes a query's rows, in order; the file appears under its name, or replaces an older one, only when it is whole. */
export async function writeQuery(
  database: Database,
  query: string,
  path: string,
  format: WrittenFormat,
): Promise<void> {
  // The ending stays last: DuckDB compresses by it.
  const part = join(dirname(path), `.${randomUUID()}.${basename(path)}`);
  const options = [COPY_OPTIONS[format], ...(/\.tsv(\.gz)?$/i.test(path) ? ["DELIMITER '\t'"] : [])].join(', ');
  try {
    await database.run(`COPY (${query}) TO ${quoteText(part)} (${options})`);
    const file = await open(part, 'r+');
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (thrown) {
    await rm(part, { force: true });
    if (thrown instanceof AristarchError) throw thrown;
    const { message } = parseFault(thrown);
    const text = `cannot write ${path}: ${message.split('\n')[0]!}. Check the space and the rights of its folder`;
    throw new AristarchError('PRECONDITION_FAILED', text, { path }, thrown);
  }
}
