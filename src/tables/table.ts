import { AristarchError } from '../base/errors.ts';
import { suggestNames } from '../base/near-names.ts';
import { columnClass, type Column } from './column-class.ts';
import { checkCsvLines } from './csv-lines.ts';
import { openDatabase, type Chunk, type Database, type DatabaseOptions } from './duckdb.ts';
import { toReadError } from './duckdb-faults.ts';
import { FILE_COLUMN, scanFiles, skipOption, type Format } from './formats.ts';
import { describeLeftOut, type LeftOut } from './left-out.ts';
import type { Environment } from './object-store.ts';
import { findSources, type Source } from './sources.ts';
import { quoteName, quoteText } from './sql.ts';
import { checkNames } from './twice-named.ts';
import { checkWhere } from './where.ts';
import { streamWhole } from './whole-stream.ts';

/** Downloads above this are refused; files of any size are read from disk or S3. */
const MAX_DOWNLOAD_BYTES = 8 * 2 ** 30;

export interface TableOptions extends DatabaseOptions {
  /** Paths, globs, http(s) and s3 addresses of Parquet, CSV and JSON files; rows come in this order. */
  readonly data: readonly string[];
  /** A condition on rows, as SQL: `label = 0`. It may name excluded columns. */
  readonly where?: string;
  /** A column of this name more, whether a row fulfils the condition; rows that do not stay. */
  readonly marked?: { readonly name: string; readonly where: string };
  /** Columns that are left out. */
  readonly exclude?: readonly string[];
  /** Columns of CSV and JSON files to read as text where their content looks like something else ("01234"). */
  readonly text?: readonly string[];
  readonly maxDownloadBytes?: number;
  /** AWS_* and ARISTARCH_DUCKDB_HTTPFS; default the process's. */
  readonly environment?: Environment;
}

/** Rows of files, as one table that is read as often as needed, in one order, in bounded memory. */
export interface Table {
  /** Without the excluded ones. */
  readonly columns: readonly Column[];
  /** Names that `exclude` took out. */
  readonly excluded: readonly string[];
  /** Rows that `where` keeps; at least one. */
  readonly rowCount: number;
  /** As the user knows them. */
  readonly files: readonly string[];
  /** Sentences for people: which lines of CSV files were taken for titles or remarks, and are no rows; which images of a folder are not read. */
  readonly leftOut: readonly string[];
  /** `SELECT ${select}` for results that fit in memory; `data` is the table's name in SQL. */
  query(select: string): Promise<Record<string, unknown>[]>;
  /** SQL expressions over the columns, for all rows in order; each must be FLOAT, DOUBLE (both without nulls), VARCHAR or BLOB. */
  stream(expressions: readonly string[]): AsyncGenerator<Chunk>;
  /** Where a row stands, counted from 1, for people; of files of images, the file. */
  placeOf(row: number): Promise<string>;
  /** For `result-writer.ts` only. */
  readonly database: Database;
  /** Ends the database and removes what was downloaded. */
  close(): Promise<void>;
}

/**
 * Opens data files. Throws `NOT_FOUND` (absent file, glob without match), `DATA_UNREADABLE` (corrupt, empty or unreachable),
 * `INVALID_INPUT` (unknown format, `where` or `exclude` that do not fit), `UNAVAILABLE` (S3 without its extension).
 */
export async function openTable(options: TableOptions): Promise<Table> {
  const { environment = process.env, maxDownloadBytes = MAX_DOWNLOAD_BYTES } = options;
  const database = await openDatabase(options);
  try {
    const sources = await findSources(database, options.data, { environment, maxDownloadBytes });
    return await createTable(database, sources, options);
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}

async function createTable(db: Database, sources: readonly Source[], options: TableOptions): Promise<Table> {
  const { where, marked, exclude = [], text = [] } = options;
  const files = sources.map(({ shown }) => shown);
  const { scan, leftOut } = await buildScan(db, sources, text);
  const all = await describe(db, scan, files);
  const condition = where === undefined ? undefined : await checkWhere(db, scan, all, where);
  const kept = withoutExcluded(all, exclude);
  const names = kept.map(({ name }) => quoteName(name));
  const columns = marked === undefined ? kept : [...kept, { name: marked.name, type: 'BOOLEAN' }];
  const mark =
    marked && `coalesce(${await checkWhere(db, scan, all, marked.where)}, false) AS ${quoteName(marked.name)}`;
  const filter = condition === undefined ? '' : ` WHERE ${condition}`;
  await db.run(
    `CREATE VIEW data AS SELECT ${[...names, ...(mark === undefined ? [] : [mark])].join(', ')} FROM ${scan}${filter}`,
  );
  const rowCount = await countRows(db, 'data', files);
  const placeOf = (row: number) => placeOfRow(db, sources, options, row);
  if (rowCount === 0) throw await noRowsError(db, scan, files, where);
  return {
    columns,
    excluded: [...exclude],
    rowCount,
    files,
    leftOut: [...sources.flatMap((source) => source.leftOut ?? []), ...describeLeftOut(leftOut)],
    query: (select) => guardRows(db, `SELECT ${select}`, files),
    stream: (expressions) => streamWhole({ db, rowCount, files, placeOf }, expressions),
    placeOf,
    database: db,
    close: () => db.close(),
  };
}

/** The FROM clause: one reader for each run of files of one format that skips equally many lines. */
async function buildScan(
  db: Database,
  sources: readonly Source[],
  text: readonly string[],
): Promise<{ readonly scan: string; readonly leftOut: readonly LeftOut[] }> {
  const runs: Run[] = [];
  const left: LeftOut[] = [];
  for (const source of sources) {
    const { skip, leftOut } = source.format === 'csv' ? await checkCsvLines(db, source) : { skip: 0, leftOut: [] };
    left.push(...leftOut);
    const last = runs.at(-1);
    if (last?.format === source.format && last.skip === skip) last.sources.push(source);
    else runs.push({ format: source.format, skip, sources: [source] });
  }
  const scans: string[] = [];
  for (const run of runs) scans.push(await buildRun(db, run, text));
  if (scans.length === 1) return { scan: scans[0]!, leftOut: left };
  return { scan: `(${scans.map((scan) => `SELECT * FROM ${scan}`).join(' UNION ALL BY NAME ')})`, leftOut: left };
}

interface Run {
  readonly format: Format;
  /** Lines at the top of each file. */
  readonly skip: number;
  readonly sources: Source[];
}

async function buildRun(db: Database, { format, skip, sources }: Run, text: readonly string[]): Promise<string> {
  const paths = sources.map(({ path }) => path);
  const options = skipOption(skip);
  const scan = scanFiles(format, paths, options);
  if (format === 'image') return scan;
  const files = sources.map(({ shown }) => shown);
  const columns = await describe(db, scan, files);
  const names = columns.map(({ name }) => name);
  for (const source of sources) await checkNames(db, source, names);
  // Of Parquet, types are not guessed.
  if (text.length === 0 || format === 'parquet') return scan;
  return scanFiles(format, paths, [...options, ...TEXT_OPTIONS[format](columns, text)]);
}

/** How each reader is told which columns are text. */
const TEXT_OPTIONS: {
  readonly [F in 'csv' | 'json']: (columns: readonly Column[], text: readonly string[]) => string[];
} = {
  csv: (columns, text) => {
    const known = columns.filter(({ name }) => text.includes(name));
    return known.length === 0
      ? []
      : [`types = {${known.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(', ')}}`];
  },
  // JSON says itself what is a number; only strings that were taken for dates and the like are turned back.
  json: (columns, text) => {
    const guessed = ({ name, type }: Column) =>
      text.includes(name) && (columnClass(type) === 'temporal' || /^(TIME|UUID)/.test(type));
    if (!columns.some(guessed)) return [];
    const types = columns.map(
      (column) => `${quoteText(column.name)}: ${quoteText(guessed(column) ? 'VARCHAR' : column.type)}`,
    );
    return [`columns = {${types.join(', ')}}`];
  },
};

async function describe(db: Database, scan: string, files: readonly string[]): Promise<Column[]> {
  const rows = await guardRows(db, `DESCRIBE SELECT * FROM ${scan}`, files);
  return rows.map((row) => ({ name: String(row['column_name']), type: String(row['column_type']) }));
}

function withoutExcluded(columns: readonly Column[], exclude: readonly string[]): Column[] {
  const names = columns.map(({ name }) => name);
  const unknown = exclude.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const message = `--exclude names "${unknown}", which is no column.${suggestNames(unknown, names)}`;
    throw new AristarchError('INVALID_INPUT', message, { column: unknown });
  }
  const kept = columns.filter(({ name }) => !exclude.includes(name));
  if (kept.length > 0) return kept;
  throw new AristarchError('INVALID_INPUT', '--exclude leaves no column: exclude fewer', { exclude });
}

async function countRows(db: Database, from: string, files: readonly string[]): Promise<number> {
  const [row] = await guardRows(db, `SELECT count(*) AS n FROM ${from}`, files);
  return Number(row?.['n']);
}

/** In its file, by its own number there, where no condition leaves rows out; a file of an image is its own place. */
async function placeOfRow(
  db: Database,
  sources: readonly Source[],
  { where, text = [], exclude = [] }: TableOptions,
  row: number,
): Promise<string> {
  const areImages = sources.every(({ format }) => format === 'image');
  if (areImages && where === undefined) return sources[row - 1]!.shown;
  if (areImages && !exclude.includes(FILE_COLUMN)) {
    const [found] = await db.rows(`SELECT ${FILE_COLUMN} FROM data LIMIT 1 OFFSET ${row - 1}`);
    return String(found?.[FILE_COLUMN]);
  }
  if (where !== undefined) return `row ${row.toLocaleString('en')} of the rows that are read`;
  let [index, own] = [0, row];
  while (index < sources.length - 1) {
    const source = sources[index]!;
    const rows = await countRows(db, (await buildScan(db, [source], text)).scan, [source.shown]);
    if (own <= rows) break;
    own -= rows;
    index++;
  }
  return `row ${own.toLocaleString('en')} of ${sources[index]!.shown}`;
}

async function noRowsError(
  db: Database,
  scan: string,
  files: readonly string[],
  where: string | undefined,
): Promise<AristarchError> {
  const rows = await countRows(db, scan, files);
  if (rows === 0) {
    const message = `${files.join(', ')} has no rows: write rows into it, or give another file`;
    return new AristarchError('DATA_UNREADABLE', message, { files });
  }
  const message = `--where ${JSON.stringify(where)} keeps none of the ${rows.toLocaleString('en')} rows: check the condition`;
  return new AristarchError('INVALID_INPUT', message, { where, rows });
}

async function guardRows(db: Database, sql: string, files: readonly string[]): Promise<Record<string, unknown>[]> {
  try {
    return await db.rows(sql);
  } catch (thrown) {
    throw toReadError(thrown, files);
  }
}
