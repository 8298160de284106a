import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import type { AppendedColumn, AppendedType } from './duckdb.ts';
import { parseFault } from './duckdb-faults.ts';
import { checkFormat, type Format } from './formats.ts';
import { quoteName, quoteText } from './sql.ts';
import type { Table } from './table.ts';

export interface AddedColumn {
  readonly name: string;
  readonly type: AppendedType;
}

/** Writes a table's rows with columns added to them. Ends with `commit` or `discard`. */
export interface ResultWriter {
  /** The added columns' values for the next rows, all of one length. BOOLEAN: 0 is false. */
  append(columns: readonly AppendedColumn[]): void;
  /** Writes the file, when there are values for every row of the table, and puts it in place at once. */
  commit(): Promise<void>;
  /** Forgets the values; an older file at the path stays as it was. */
  discard(): Promise<void>;
}

const COPY_OPTIONS: { readonly [F in Format]: string } = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER true',
  json: 'FORMAT json',
};
/** JSON text that is not one record a line is nothing we write. */
const WRITTEN = /\.(parquet|pq|csv|tsv|ndjson|jsonl|csv\.gz|tsv\.gz|ndjson\.gz|jsonl\.gz)$/i;

/**
 * Starts a result file beside a table: all its columns, in order, then `added`. Rows of any number in bounded memory: the
 * added values wait in a temporary file, and the table is read once more when they are joined to it.
 * Throws `INVALID_INPUT` for an unknown ending, a name that the table has already, or a file that the table is read from, `NOT_FOUND` for an absent folder.
 */
export async function createResultWriter(
  table: Table,
  path: string,
  added: readonly AddedColumn[],
): Promise<ResultWriter> {
  const format = checkOutput(path);
  checkNotSource(table, path);
  checkNames(table, added);
  const { database } = table;
  const catalog = `results_${randomUUID().replaceAll('-', '')}`;
  const valuesFile = join(database.folder, `${catalog}.duckdb`);
  await database.run(`ATTACH ${quoteText(valuesFile)} AS ${catalog}`);
  const definition = added.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
  await database.run(`CREATE TABLE ${catalog}.added (${definition})`);
  const appender = await database.openAppender(
    'added',
    catalog,
    added.map(({ type }) => type),
  );
  let rows = 0;
  const discard = async () => {
    appender.close();
    await database.run(`DETACH ${catalog}`);
    await rm(valuesFile, { force: true });
  };
  return {
    append: (columns) => {
      checkLengths(columns, added);
      appender.append(columns);
      rows += columns[0]?.length ?? 0;
    },
    commit: async () => {
      appender.close();
      checkCount(table, rows);
      await writeJoined(table, `${catalog}.added`, path, format);
      await discard();
    },
    discard,
  };
}

function checkOutput(path: string): Format {
  const folder = dirname(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new AristarchError('NOT_FOUND', `there is no folder ${folder} to write ${basename(path)} into: make it`, {
      path,
    });
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new AristarchError('INVALID_INPUT', `${path} is a folder: give the name of a file in it`, { path });
  }
  if (WRITTEN.test(path)) return checkFormat(path);
  const message = `${path} does not say by its ending what to write: use .parquet, .csv, .tsv or .ndjson, the last three also with .gz`;
  throw new AristarchError('INVALID_INPUT', message, { path });
}

/** With `where` or `exclude`, a result in the place of its own data would lose some of them. */
function checkNotSource({ files }: Table, path: string): void {
  if (!existsSync(path)) return;
  const target = realpathSync(path);
  if (!files.some((file) => existsSync(file) && realpathSync(file) === target)) return;
  const message = `${path} is the data itself, which the result would replace: give another name`;
  throw new AristarchError('INVALID_INPUT', message, { path });
}

/** Case does not count in SQL. */
function checkNames(table: Table, added: readonly AddedColumn[]): void {
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  const clash = added.find(({ name }) => taken.has(name.toLowerCase()));
  if (clash === undefined) return;
  const message = `the data has a column "${clash.name}" already, which the result would need: leave it out with --exclude ${clash.name}`;
  throw new AristarchError('INVALID_INPUT', message, { column: clash.name });
}

function checkLengths(columns: readonly AppendedColumn[], added: readonly AddedColumn[]): void {
  const same = columns.length === added.length && columns.every(({ length }) => length === columns[0]!.length);
  if (!same) throw new AristarchError('INTERNAL', `the result needs ${added.length} columns of one length`);
}

function checkCount({ rowCount, files }: Table, rows: number): void {
  if (rows === rowCount) return;
  const message = `${files.join(', ')} has ${rowCount} rows, but ${rows} results came: the data changed, or the run was cut short; start again`;
  throw new AristarchError('PRECONDITION_FAILED', message, { rowCount, rows });
}

/** A positional join keeps the order and streams; the file appears under its name only when it is whole. */
async function writeJoined(table: Table, added: string, path: string, format: Format): Promise<void> {
  // The ending stays last: DuckDB compresses by it.
  const part = join(dirname(path), `.${randomUUID()}.${basename(path)}`);
  const options = [COPY_OPTIONS[format], ...(/\.tsv(\.gz)?$/i.test(path) ? ["DELIMITER '\t'"] : [])].join(', ');
  try {
    await table.database.run(
      `COPY (SELECT data.*, added.* FROM data POSITIONAL JOIN ${added} AS added) TO ${quoteText(part)} (${options})`,
    );
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
