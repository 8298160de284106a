import { AristarchError, messageOf } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { toReadError, VALUE_FAULT } from './duckdb-faults.ts';

/** What a value that does not fit raises, and what tells such rows from others: DuckDB's TRY takes no `error`. */
const RAISES = `error('${VALUE_FAULT}`;
const MISSES = `aristarch_no_value('${VALUE_FAULT}`;

export interface FaultSource {
  readonly db: Database;
  readonly files: readonly string[];
  /** What the rows are counted in, for people. */
  readonly counted: string;
}

/** A fault while expressions over `data` were read: of a value that does not fit, that of the first such row, by its number. */
export async function toRowError(
  { db, files, counted }: FaultSource,
  expressions: readonly string[],
  thrown: unknown,
): Promise<AristarchError> {
  const error = toReadError(thrown, files);
  if (!messageOf(thrown).includes(VALUE_FAULT)) return error;
  // The search is a courtesy: where it fails, the fault itself is what counts.
  const row = await firstMiss(db, expressions).catch(() => undefined);
  if (row === undefined) return error;
  // Threads meet faults in any order: the one to tell is that of the row that was found.
  const own = await db
    .rows(`SELECT hash(${expressions.join(', ')}) FROM (SELECT * FROM data LIMIT 1 OFFSET ${row - 1})`)
    .then(() => error)
    .catch((again: unknown) => toReadError(again, files));
  return new AristarchError(
    own.code,
    `${own.message} (row ${row.toLocaleString('en')} of ${counted})`,
    { row },
    own.cause,
  );
}

async function firstMiss(db: Database, expressions: readonly string[]): Promise<number | undefined> {
  const misses = expressions
    .filter((expression) => expression.includes(RAISES))
    .map((expression) => `(${expression.replaceAll(RAISES, MISSES)}) IS NULL`);
  await db.run('CREATE OR REPLACE TEMP MACRO aristarch_no_value(message) AS NULL');
  const numbered = 'SELECT *, row_number() OVER () AS "aristarch row" FROM data';
  const [found] = await db.rows(`SELECT "aristarch row" AS n FROM (${numbered}) WHERE ${misses.join(' OR ')} LIMIT 1`);
  return found && Number(found['n']);
}
