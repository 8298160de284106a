import { readLevel, readValue, type ValueKind } from '../../models/features/column-reads.ts';
import { wrongType } from '../../models/features/match-columns.ts';
import { levelText } from '../../models/features/encode.ts';
import { columnClass, type Column } from '../../tables/column-class.ts';
import { quoteName } from '../../tables/sql.ts';
import type { Table } from '../../tables/table.ts';

/** What inference asks of a column of numbers, flags or times. Times are in whole seconds since 1970. */
export interface ValueStatistics {
  readonly missing: number;
  readonly infinite: number;
  /** Over finite values; NaN where there are none. */
  readonly min: number;
  readonly max: number;
  /** Every finite value is a whole number. */
  readonly whole: boolean;
}

/**
 * One pass over the data for all columns together. The values are looked at here and not by SQL aggregates, which DuckDB
 * plans in a time that grows with the square of their number (38 s for 513 columns, whatever the rows).
 */
export async function readValueStatistics(
  table: Table,
  columns: readonly { readonly column: Column; readonly kind: ValueKind }[],
): Promise<ValueStatistics[]> {
  const statistics = columns.map(createTally);
  if (columns.length === 0) return statistics;
  for await (const chunk of table.stream(columns.map(({ column, kind }) => valueSql(column, kind)))) {
    statistics.forEach((tally, index) => addValues(tally, chunk.numbers(index)));
  }
  return statistics.map((tally) => (tally.min > tally.max ? { ...tally, min: NaN, max: NaN } : tally));
}

type Tally = { -readonly [K in keyof ValueStatistics]: ValueStatistics[K] };

function createTally(): Tally {
  return { missing: 0, infinite: 0, min: Infinity, max: -Infinity, whole: true };
}

function addValues(tally: Tally, values: Float32Array | Float64Array): void {
  let { missing, infinite, min, max, whole } = tally;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    else if (value === Infinity || value === -Infinity) infinite++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
      if (whole && value !== Math.trunc(value)) whole = false;
    }
  }
  Object.assign(tally, { missing, infinite, min, max, whole });
}

function valueSql(column: Column, kind: ValueKind): string {
  const sql = readValue(column, kind);
  if (sql === undefined) throw wrongType(column, kind);
  return sql;
}

export interface LevelStatistics {
  readonly missing: number;
  /** How many different levels there are. */
  readonly distinct: number;
  /** The most frequent levels, most frequent first, ties by name. */
  readonly levels: readonly string[];
}

/** One pass over the column; DuckDB spills to disk where the levels do not fit in memory. */
export async function readLevelStatistics(table: Table, column: Column, limit: number): Promise<LevelStatistics> {
  const level = readLevel(column);
  if (level === undefined) throw wrongType(column, 'category');
  const known = level.form === 'text' ? 'level IS NOT NULL' : 'NOT isnan(level)';
  const [counts] = await table.query(
    `count_if(NOT (${known})) AS missing, count(DISTINCT level) FILTER (${known}) AS levels FROM (SELECT ${level.sql} AS level FROM data)`,
  );
  const rows = await table.query(
    `level, count(*) AS n FROM (SELECT ${level.sql} AS level FROM data) WHERE ${known} GROUP BY level ORDER BY n DESC, level LIMIT ${limit}`,
  );
  const levels = rows.map(({ level: value }) => (typeof value === 'number' ? levelText(value) : String(value)));
  return { missing: Number(counts!['missing']), distinct: Number(counts!['levels']), levels };
}

export interface NumbersInText {
  /** Values that are not missing. */
  readonly texts: number;
  /** Those that are a number, those that are one with a decimal comma for the point, and those that are one with commas between thousands. */
  readonly numbers: number;
  readonly withCommas: number;
  readonly withThousands: number;
  /** A value that is no number, the first by its text: the most frequent one would be counted in memory, whatever its length and number. */
  readonly other: string | null;
}

/** How much of a column of text is numbers. */
export async function readNumbersInText(table: Table, { name }: Column): Promise<NumbersInText> {
  const text = `CAST(${quoteName(name)} AS VARCHAR)`;
  const isNumber = `TRY_CAST(${text} AS DOUBLE) IS NOT NULL`;
  const isThousands = `regexp_full_match(${text}, '-?[1-9]\\d{0,2}(,\\d{3})+(\\.\\d+)?')`;
  const [row] = await table.query(
    `count(${text}) AS texts, count_if(${isNumber}) AS numbers, count(TRY_CAST(replace(${text}, ',', '.') AS DOUBLE)) AS commas, ` +
      `count_if(${isNumber} OR ${isThousands}) AS thousands, min(${text}) FILTER (NOT (${isNumber})) AS other FROM data`,
  );
  const other = row!['other'];
  return {
    texts: Number(row!['texts']),
    numbers: Number(row!['numbers']),
    withCommas: Number(row!['commas']),
    withThousands: Number(row!['thousands']),
    other: typeof other === 'string' ? other : null,
  };
}

export type JsonContent = 'number' | 'boolean' | 'scalar' | 'nested';

/** What a JSON column holds, whose records disagree on the type; numbers may stand beside the strings that JSON writes for NaN. */
export async function readJsonContent(table: Table, { name }: Column): Promise<JsonContent> {
  const type = `json_type(${quoteName(name)})`;
  const text = `(${quoteName(name)} ->> '$')`;
  const [row] = await table.query(
    `bool_and(${type} IN ('BIGINT', 'UBIGINT', 'DOUBLE') OR ${text} IN ('NaN', 'Infinity', '-Infinity')) AS numbers, ` +
      `bool_and(${type} = 'BOOLEAN') AS booleans, bool_or(${type} IN ('OBJECT', 'ARRAY')) AS nested FROM data WHERE ${text} IS NOT NULL`,
  );
  if (row!['nested'] === true) return 'nested';
  if (row!['numbers'] === true) return 'number';
  return row!['booleans'] === true ? 'boolean' : 'scalar';
}

/** Whether a column of whole numbers without gaps counts its rows: every value from `min` on occurs once. */
export async function countsRows(
  table: Table,
  column: Column,
  { min, max, missing, whole }: ValueStatistics,
): Promise<boolean> {
  const candidate =
    columnClass(column.type) === 'integer' && whole && missing === 0 && max - min + 1 === table.rowCount;
  if (!candidate) return false;
  const [row] = await table.query(`count(DISTINCT ${quoteName(column.name)}) AS n FROM data`);
  return Number(row!['n']) === table.rowCount;
}
