import { quoteName, quoteText } from '../../tables/sql.ts';
import type { Column } from '../../tables/column-class.ts';
import type { Chunk } from '../../tables/duckdb.ts';
import type { Table } from '../../tables/table.ts';
import { AristarchError } from '../../base/errors.ts';
import { suggestNames } from '../../base/near-names.ts';
import { readLevel, readValue } from './column-reads.ts';
import { matchColumns, wrongType } from './match-columns.ts';
import { createLevelIndex, levelText } from './encode.ts';
import { imageRowChunks } from '../images/read-images.ts';
import { rowWidth, SLOTS, type CategoryField, type FeatureSchema, type Field } from './schema.ts';
import { dayOfWeek, secondOfDay } from './timestamp.ts';

/** Consecutive rows of a table. */
export interface RawRowBatch {
  /** `count * rowWidth(schema)` values, a fresh array for each batch. */
  readonly rows: Float32Array;
  readonly count: number;
  /** Index of the first row in the table. */
  readonly firstRow: number;
  /** Columns that were asked for beside the model's, as text; null where missing. Numbers as JavaScript writes them: 0, 1.5. */
  readonly beside: Readonly<Record<string, readonly (string | null)[]>>;
}

export interface RawRowOptions {
  /** Default 8,192. */
  readonly rowsPerBatch?: number;
  /** Columns to read along, a label say. */
  readonly beside?: readonly string[];
}

/**
 * Streams a table as raw rows in bounded memory, in the order of its files; `encode.ts` gives the same rows from records.
 * Throws `SCHEMA_MISMATCH` for absent columns and for types that cannot fit, `INVALID_INPUT` for values that do not, both by name.
 */
export async function* rawRowBatches(
  table: Table,
  schema: FeatureSchema,
  options: RawRowOptions = {},
): AsyncGenerator<RawRowBatch> {
  const { rowsPerBatch = 8192, beside = [] } = options;
  const width = rowWidth(schema);
  const texts = beside.map((name) => ({ name, read: createTextReader(table, name) }));
  let batch = createBatch(0, Math.min(rowsPerBatch, table.rowCount), width, beside);
  for await (const chunk of rawRowChunks(table, schema, beside)) {
    const columns = texts.map(({ name, read }, index) => ({ name, values: read(chunk.source, index) }));
    for (let from = 0; from < chunk.count;) {
      const to = Math.min(chunk.count, from + batch.capacity - batch.count);
      batch.rows.set(chunk.rows.subarray(from * width, to * width), batch.count * width);
      for (const { name, values } of columns) batch.beside[name]!.push(...values.slice(from, to));
      batch.count += to - from;
      from = to;
      if (batch.count < batch.capacity) continue;
      yield batch;
      const firstRow = batch.firstRow + batch.count;
      batch = createBatch(firstRow, Math.min(rowsPerBatch, Math.max(1, table.rowCount - firstRow)), width, beside);
    }
  }
  if (batch.count > 0) yield { ...batch, rows: batch.rows.subarray(0, batch.count * width) };
}

function createBatch(firstRow: number, capacity: number, width: number, beside: readonly string[]) {
  const texts = Object.fromEntries(beside.map((name) => [name, [] as (string | null)[]]));
  return { firstRow, capacity, count: 0, rows: new Float32Array(capacity * width), beside: texts };
}

/** Rows as DuckDB gives them, at most 2,048; `rows` is reused for the next chunk. */
export interface RawRowChunk {
  readonly rows: Float32Array;
  readonly count: number;
  readonly source: Chunk;
}

/** The stream under `rawRowBatches`. Columns read along come first in `source`. */
export async function* rawRowChunks(
  table: Table,
  schema: FeatureSchema,
  beside: readonly string[] = [],
): AsyncGenerator<RawRowChunk> {
  if (schema.image) {
    yield* imageRowChunks(
      table,
      schema.image,
      beside.map((name) => textExpression(table, name)),
    );
    return;
  }
  const width = rowWidth(schema);
  const { matched } = matchColumns(table.columns, schema);
  const readers = matched.map(({ field, column }) => createReader(field, column));
  const expressions = [...beside.map((name) => textExpression(table, name)), ...readers.map(({ sql }) => sql)];
  let rows = new Float32Array(0);
  for await (const source of table.stream(expressions)) {
    if (rows.length < source.rowCount * width) rows = new Float32Array(source.rowCount * width);
    let offset = 0;
    readers.forEach(({ copy, slots }, index) => {
      copy(source.numbers(beside.length + index), rows, offset, width);
      offset += slots;
    });
    yield { rows, count: source.rowCount, source };
  }
}

/** Writes one column's values into a slot (or two) of the row-major array, from `offset` in steps of `width`. */
type Copy = (values: Float32Array | Float64Array, rows: Float32Array, offset: number, width: number) => void;

interface Reader {
  readonly sql: string;
  readonly slots: number;
  readonly copy: Copy;
}

function createReader(field: Field, column: Column): Reader {
  const slots = SLOTS[field.kind];
  if (field.kind === 'category') return { slots, ...createLevelReader(field, column) };
  const sql = readValue(column, field.kind);
  if (sql === undefined) throw wrongType(column, field.kind);
  return { sql, slots, copy: field.kind === 'timestamp' ? copyTimes : copyNumbers };
}

const copyNumbers: Copy = (values, rows, offset, width) => {
  for (let i = 0, at = offset; i < values.length; i++, at += width) {
    // One bit pattern for all NaN, so that equal data are equal bytes.
    rows[at] = Number.isNaN(values[i]) ? NaN : values[i]!;
  }
};

const copyTimes: Copy = (values, rows, offset, width) => {
  for (let i = 0, at = offset; i < values.length; i++, at += width) {
    rows[at] = secondOfDay(values[i]!);
    rows[at + 1] = dayOfWeek(values[i]!);
  }
};

/** Text levels become their index inside DuckDB, by an ENUM; numbers here, where their text form is JavaScript's. */
function createLevelReader({ levels }: CategoryField, column: Column): { sql: string; copy: Copy } {
  const level = readLevel(column);
  if (level === undefined) throw wrongType(column, 'category');
  if (level.form === 'number') return { sql: level.sql, copy: createCopyLevels(levels) };
  const type = `ENUM(${levels.map(quoteText).join(', ')})`;
  const code = `coalesce(enum_code(TRY_CAST(${level.sql} AS ${type})), ${levels.length})`;
  const known = levels.length === 0 ? '0' : code;
  return {
    sql: `CASE WHEN ${level.sql} IS NULL THEN 'NaN'::DOUBLE ELSE CAST(${known} AS DOUBLE) END`,
    copy: copyNumbers,
  };
}

function createCopyLevels(levels: readonly string[]): Copy {
  const indices = createLevelIndex(levels);
  const seen = new Map<number, number>();
  const indexOf = (value: number): number => {
    if (Number.isNaN(value)) return NaN;
    const index = indices.get(levelText(value)) ?? levels.length;
    // Bounded: a column of measurements has no end of values.
    if (seen.size < 65_536) seen.set(value, index);
    return index;
  };
  return (values, rows, offset, width) => {
    for (let i = 0, at = offset; i < values.length; i++, at += width)
      rows[at] = seen.get(values[i]!) ?? indexOf(values[i]!);
  };
}

function besideLevel(table: Table, name: string) {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    const message = `the data has no column "${name}".${suggestNames(
      name,
      table.columns.map((other) => other.name),
    )}`;
    throw new AristarchError('NOT_FOUND', message, { column: name });
  }
  return readLevel(column) ?? { form: 'text' as const, sql: `CAST(${quoteName(name)} AS VARCHAR)` };
}

function textExpression(table: Table, name: string): string {
  return besideLevel(table, name).sql;
}

function createTextReader(table: Table, name: string): (chunk: Chunk, index: number) => (string | null)[] {
  const { form } = besideLevel(table, name);
  if (form === 'text') return (chunk, index) => chunk.texts(index);
  return (chunk, index) => Array.from(chunk.numbers(index), (value) => (Number.isNaN(value) ? null : levelText(value)));
}
