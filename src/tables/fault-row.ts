import { AristarchError, messageOf } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { toReadError, VALUE_FAULT } from './duckdb-faults.ts';

/** What a value that does not fit raises, and what tells such rows from others: DuckDB's TRY takes no `error`. */
const RAISES = `error('${VALUE_FAULT}`;
const MISSES = `aristarch_no_value('${VALUE_FAULT}`;

export interface FaultSource {
  readonly db: Database;
  readonly files: readonly string[];
  /** Where the so-manieth row stands, for people. */
  readonly placeOf: (row: number) => Promise<string>;
}

/** A fault while expressions over `data` were read: of a value that does not fit, that of the first such row, by its number. */
export async function toRowError(
  { db, files, placeOf }: FaultSource,
  expressions: readonly string[],
  thrown: unknown,
): Promise<AristarchError> {
  const error = toReadError(thrown, files);
  if (!messageOf(thrown).includes(VALUE_FAULT)) return error;
  // The search is a courtesy: where it fails, the fault itself is what counts.
  const found = await findFirst(db, expressions, placeOf).catch(() => undefined);
  if (found === undefined) return error;
  const { row, place } = found;
  // Threads meet faults in any order: the one to tell is that of the row that was found.
  const own = await db
    .rows(`SELECT hash(${expressions.join(', ')}) FROM (SELECT * FROM data LIMIT 1 OFFSET ${row - 1})`)
    .then(() => error)
    .catch((again: unknown) => toReadError(again, files));
  return new AristarchError(own.code, `${place}: ${own.message}`, { row }, own.cause);
}

async function findFirst(
  db: Database,
  expressions: readonly string[],
  placeOf: FaultSource['placeOf'],
): Promise<{ row: number; place: string } | undefined> {
  const misses = expressions
    .filter((expression) => expression.includes(RAISES))
    .map((expression) => `(${expression.replaceAll(RAISES, MISSES)}) IS NULL`);
  await db.run('CREATE OR REPLACE TEMP MACRO aristarch_no_value(message) AS NULL');
  // Of the table's own columns none is named here: whatever they are called, they are not these.
  const numbered = `SELECT ${misses.join(' OR ')} AS missed, row_number() OVER () AS n FROM data`;
  const [found] = await db.rows(`SELECT n FROM (${numbered}) WHERE missed LIMIT 1`);
  if (found === undefined) return undefined;
  const row = Number(found['n']);
  return { row, place: await placeOf(row) };
}
