import { AristarchError, messageOf } from '../base/errors.ts';
import { findTop, type Reading, type Top } from './csv-top.ts';
import type { Database } from './duckdb.ts';
import { toReadError } from './duckdb-faults.ts';
import { sniffCsv } from './formats.ts';
import { isForExcel, type LeftOut } from './left-out.ts';
import type { Source } from './sources.ts';
import { quoteText } from './sql.ts';
import { checkNamedOnce, mayBeRenamed } from './twice-named.ts';

/** Lines that are looked at for the one that names the columns. */
const TOP_LINES = 1000;
/** Of no text: a line stays whole. */
const NO_DELIMITER = '\u0001';
export interface CheckedLines {
  /** How many lines the reader must be told to skip, which DuckDB does not find by itself. */
  readonly skip: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Throws `DATA_UNREADABLE`, with the line, where lines of a CSV file have different numbers of fields. DuckDB looks for a
 * reading under which they agree, and finds one: it skips the lines above, rows among them, or takes each line for one
 * field. Lines without a delimiter above the columns' names (a title, none at all) and remarks there are skipped, and nothing
 * else is. Gives how many lines the reader must be told to skip, which DuckDB does not find by itself.
 */
export async function checkCsvLines(db: Database, source: Source): Promise<CheckedLines> {
  const skips = new Set<number>();
  const leftOut: LeftOut[] = [];
  for (const file of await filesOf(db, source)) {
    const checked = await checkFile(db, file);
    skips.add(checked.skip);
    leftOut.push(...checked.leftOut);
  }
  if (skips.size < 2) return { skip: [...skips][0] ?? 0, leftOut };
  throw unreadable(
    source,
    'above the names of columns its files have different numbers of lines that are none (remarks, or "sep="): take them out',
  );
}

/** Of an object store's pattern, each file. */
async function filesOf(db: Database, source: Source): Promise<Source[]> {
  if (!source.path.startsWith('s3:') || !/[*?[]/.test(source.path)) return [source];
  const found = await db.rows(`SELECT file FROM glob(${quoteText(source.path)})`);
  return found.map(({ file }) => ({ ...source, path: String(file), shown: String(file) }));
}

async function checkFile(db: Database, source: Source): Promise<CheckedLines> {
  const plain = await sniff(db, source, 0);
  if (plain !== undefined && isPlain(plain, 0) && !/^(#|sep=)/i.test(plain.names[0]!)) {
    await checkHeader(db, source, plain);
    return { skip: 0, leftOut: [] };
  }
  const lines = await readTop(db, source);
  const { skip, found } = await skipRemarks(db, source, lines, plain);
  if (found === undefined || !isPlain(found, skip)) {
    const top = findTop([...Array.from({ length: skip }, () => ''), ...lines.slice(skip)], found);
    if (top !== undefined) await checkFields(db, source, top);
  }
  if (found?.names[0]?.startsWith('#')) await checkRemark(db, source, found);
  if (found === undefined) return { skip, leftOut: [] };
  await checkHeader(db, source, found);
  const { skipped, names, hasNames } = found;
  return { skip, leftOut: [{ file: source.shown, above: lines.slice(0, skipped), names, hasNames }] };
}

/** Throws where the line that names the columns gives one name twice. */
async function checkHeader(db: Database, source: Source, found: Sniffed): Promise<void> {
  const { names, hasNames, skipped, delimiter, isOneField } = found;
  if (isOneField || !hasNames || !mayBeRenamed(names)) return;
  const columns = names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const options = `auto_detect = false, header = false, skip = ${skipped}, quote = '"', escape = '"', delim = '${delimiter}', columns = {${columns}}`;
  const [row] = await db.rows(`SELECT * FROM read_csv(${quoteText(source.path)}, ${options}) LIMIT 1`);
  const written = names.map((_, index) => textOf(row?.[`c${index}`]));
  checkNamedOnce(source, written, `line ${skipped + 1}`);
}

/** Several columns, and no line above that might be one of theirs. */
function isPlain({ isOneField, skipped }: Sniffed, skip: number): boolean {
  return !isOneField && skipped === skip;
}

/** DuckDB skips a line for Excel, or remarks, only where their fields are more or fewer than the others', and mostly then. */
async function skipRemarks(
  db: Database,
  source: Source,
  lines: readonly string[],
  plain: Sniffed | undefined,
): Promise<{ skip: number; found: Sniffed | undefined }> {
  const excel = isForExcel(lines[0] ?? '') ? 1 : 0;
  const found = excel === 0 ? plain : await sniff(db, source, excel);
  const remarks = lines.findIndex((line, index) => index >= excel && line.trim() !== '' && !line.startsWith('#'));
  if (remarks <= excel || found?.isOneField === false) return { skip: excel, found };
  const below = await sniff(db, source, remarks);
  return below === undefined || below.isOneField ? { skip: excel, found } : { skip: remarks, found: below };
}

interface Sniffed extends Reading {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly hasNames: boolean;
}

/** Undefined where no reading fits. */
async function sniff(db: Database, { path, shown }: Source, skip: number): Promise<Sniffed | undefined> {
  try {
    const [row] = await db.rows(sniffCsv(path, skip));
    const names = JSON.parse(String(row!['names'])) as readonly string[];
    return {
      delimiter: String(row!['delimiter']),
      skipped: Number(row!['skipped']),
      isOneField: names.length === 1,
      hasNames: row!['has_names'] === true,
      names,
      types: JSON.parse(String(row!['types'])) as readonly string[],
    };
  } catch (thrown) {
    if (messageOf(thrown).includes('Error when sniffing file')) return undefined;
    throw toReadError(thrown, [shown]);
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Throws where a first line with "#" may be a remark: below it come names too, over columns that are not all text. */
async function checkRemark(db: Database, source: Source, { names, skipped }: Sniffed): Promise<void> {
  const next = await sniff(db, source, skipped + 1);
  const looksNamed =
    next?.hasNames && next.names.length === names.length && next.types.some((type) => type !== 'VARCHAR');
  if (!looksNamed) return;
  const lines = `line ${skipped + 1} begins with "#", and line ${next.skipped + 1} looks like names of columns as well`;
  throw unreadable(source, `${lines}: take out the one that does not name them`);
}

async function readTop(db: Database, { path, shown }: Source): Promise<string[]> {
  const options = `auto_detect = false, header = false, quote = '', escape = '', delim = '${NO_DELIMITER}', columns = {'line': 'VARCHAR'}`;
  try {
    const rows = await db.rows(`SELECT line FROM read_csv(${quoteText(path)}, ${options}) LIMIT ${TOP_LINES}`);
    return rows.map(({ line }) => textOf(line));
  } catch (thrown) {
    throw toReadError(thrown, [shown]);
  }
}

/** Reads all of it as the first line wants it, so that DuckDB names the first line that does not fit. */
async function checkFields(db: Database, source: Source, { delimiter, first, fields }: Top): Promise<void> {
  const columns = Array.from({ length: fields }, (_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const options = `auto_detect = false, header = true, skip = ${first}, quote = '"', escape = '"', delim = '${delimiter}', columns = {${columns}}`;
  const between = delimiter === '\t' ? 'tabs' : `"${delimiter}"`;
  try {
    await db.rows(`SELECT count(c0) FROM read_csv(${quoteText(source.path)}, ${options})`);
  } catch (thrown) {
    const { message } = toReadError(thrown, [source.shown]);
    const remedy = `give each line the ${fields} fields that line ${first + 1} has, between ${between} (a text that holds one in quotes, each quote closed), or take out what is no row (a title, a remark, a total)`;
    throw new AristarchError('DATA_UNREADABLE', `${message}: ${remedy}`, { files: [source.shown] }, thrown);
  }
  const fault = `from line ${first + 1} on its lines have ${fields} fields between ${between}, and yet can be read otherwise`;
  throw unreadable(source, `${fault}: take out the lines above it, and put texts in quotes that hold , ; | or a tab`);
}

function unreadable({ shown }: Source, message: string): AristarchError {
  return new AristarchError('DATA_UNREADABLE', `cannot read ${shown}: ${message}`, { files: [shown] });
}
