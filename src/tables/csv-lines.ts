import { AristarchError, messageOf } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { toReadError } from './duckdb-faults.ts';
import { sniffCsv } from './formats.ts';
import type { Source } from './sources.ts';
import { quoteText } from './sql.ts';

/** Delimiters that are detected. */
const DELIMITERS = [',', ';', '\t', '|'] as const;
/** Lines that are looked at for the one that names the columns. */
const TOP_LINES = 1000;
/** Of no text: a line stays whole. */
const NO_DELIMITER = '\u0001';

/**
 * Throws `DATA_UNREADABLE`, with the line, where lines of a CSV file have different numbers of fields. DuckDB looks for a
 * reading under which they agree, and finds one: it skips the lines above, rows among them, or takes each line for one
 * field. Lines without a delimiter above the columns' names (a title, a remark, none at all) are skipped, and nothing else is.
 */
export async function checkCsvLines(db: Database, source: Source): Promise<void> {
  for (const file of await filesOf(db, source)) await checkFile(db, file);
}

/** Of an object store's pattern, each file. */
async function filesOf(db: Database, source: Source): Promise<Source[]> {
  if (!source.path.startsWith('s3:') || !/[*?[]/.test(source.path)) return [source];
  const found = await db.rows(`SELECT file FROM glob(${quoteText(source.path)})`);
  return found.map(({ file }) => ({ ...source, path: String(file), shown: String(file) }));
}

async function checkFile(db: Database, source: Source): Promise<void> {
  const found = await sniff(db, source);
  if (found !== undefined && found.skipped === 0 && !found.isOneField) return;
  const lines = await readTop(db, source);
  const delimiter = found?.skipped ? found.delimiter : mostFrequent(lines.find((line) => line.trim() !== '') ?? '');
  if (delimiter === undefined) return;
  const above = found?.skipped ? lines.slice(0, found.skipped) : lines;
  const first = above.findIndex((line) => line.includes(delimiter));
  if (first < 0) return;
  await checkFields(db, source, { delimiter, first, names: splitFields(lines[first]!, delimiter) });
}

interface Sniffed {
  readonly delimiter: string;
  /** Lines above the first that is read. */
  readonly skipped: number;
  /** Each line is one field, under a name that holds a delimiter. */
  readonly isOneField: boolean;
}

/** Undefined where no reading fits. */
async function sniff(db: Database, { path, shown }: Source): Promise<Sniffed | undefined> {
  try {
    const [row] = await db.rows(sniffCsv(path));
    const names = JSON.parse(String(row!['names'])) as readonly string[];
    const isOneField = names.length === 1 && mostFrequent(names[0]!) !== undefined;
    return { delimiter: String(row!['delimiter']), skipped: Number(row!['skipped']), isOneField };
  } catch (thrown) {
    if (messageOf(thrown).includes('Error when sniffing file')) return undefined;
    throw toReadError(thrown, [shown]);
  }
}

async function readTop(db: Database, { path, shown }: Source): Promise<string[]> {
  const options = `auto_detect = false, header = false, quote = '', escape = '', delim = '${NO_DELIMITER}', columns = {'line': 'VARCHAR'}`;
  try {
    const rows = await db.rows(`SELECT line FROM read_csv(${quoteText(path)}, ${options}) LIMIT ${TOP_LINES}`);
    return rows.map(({ line }) => (typeof line === 'string' ? line : ''));
  } catch (thrown) {
    throw toReadError(thrown, [shown]);
  }
}

interface Named {
  readonly delimiter: string;
  /** The place of the line that names the columns. */
  readonly first: number;
  readonly names: readonly string[];
}

/** Reads all of it as the names want it, so that DuckDB names the first line that does not fit. */
async function checkFields(db: Database, source: Source, { delimiter, first, names }: Named): Promise<void> {
  const columns = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const options = `auto_detect = false, header = true, skip = ${first}, quote = '"', escape = '"', delim = '${delimiter}', columns = {${columns}}`;
  try {
    await db.rows(`SELECT count(c0) FROM read_csv(${quoteText(source.path)}, ${options})`);
  } catch (thrown) {
    const { message } = toReadError(thrown, [source.shown]);
    const between = delimiter === '\t' ? 'tabs' : `"${delimiter}"`;
    const remedy = `give each line the ${names.length} fields that line ${first + 1} names, between ${between} (a text that holds one in quotes, each quote closed), or take the line out`;
    throw new AristarchError('DATA_UNREADABLE', `${message}: ${remedy}`, { files: [source.shown] }, thrown);
  }
}

function mostFrequent(line: string): string | undefined {
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? undefined : DELIMITERS[counts.indexOf(most)];
}

/** Fields of one line; a delimiter within quotes is none. */
function splitFields(line: string, delimiter: string): string[] {
  return line.replaceAll(/"(?:[^"]|"")*"/g, '').split(delimiter);
}
