import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import type { AppendedColumn, AppendedType } from './duckdb.ts';
import { checkNotSource, checkOutput, writeQuery } from './output-file.ts';
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

/**
 * Starts a result file beside a table: its columns, in order, but for those `without` which it is written, then `added`. Rows of any number in bounded memory: the
 * added values wait in a temporary file, and the table is read once more when they are joined to it.
 * Throws `INVALID_INPUT` for an unknown ending, a name that the table has already, or a file that the table is read from, `NOT_FOUND` for an absent folder.
 */
export async function createResultWriter(
  table: Table,
  path: string,
  added: readonly AddedColumn[],
  without: readonly string[] = [],
): Promise<ResultWriter> {
  const format = checkOutput(path);
  checkNotSource(table.files, path);
  const columns = table.columns.filter(({ name }) => !without.includes(name));
  checkNames(columns, added);
  const kept = columns.map(({ name }) => `data.${quoteName(name)}`);
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
      // A positional join keeps the order and streams.
      const joined = `SELECT ${[...kept, 'added.*'].join(', ')} FROM data POSITIONAL JOIN ${catalog}.added AS added`;
      await writeQuery(database, joined, path, format);
      await discard();
    },
    discard,
  };
}

/** Case does not count in SQL. */
function checkNames(columns: Table['columns'], added: readonly AddedColumn[]): void {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
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
