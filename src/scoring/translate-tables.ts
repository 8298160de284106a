import { AristarchError } from '../base/errors.ts';
import { writtenColumns } from '../models/features/column-writes.ts';
import { textColumns } from '../models/features/match-columns.ts';
import { rawRowBatches } from '../models/features/raw-rows.ts';
import { rowWidth, type FeatureSchema } from '../models/features/schema.ts';
import {
  createClassFinder,
  noClass,
  takeApart,
  type Carried,
  type ClassLevels,
} from '../models/radial/carried-classes.ts';
import { TRANSLATED_BLOCK } from '../models/radial/translate-rows.ts';
import type { NamedSource } from '../tables/named-sources.ts';
import { checkNotSource } from '../tables/output-file.ts';
import { createRowsWriter, slotColumn, type RowsWriter, type WrittenColumn } from '../tables/rows-writer.ts';
import { quoteList, quoteName } from '../tables/sql.ts';
import { openTable, type Table } from '../tables/table.ts';
import type { Translation, TranslationDescription } from './open-translation.ts';

export interface TranslateTablesOptions {
  /** In the order of the result; rows of the target itself stay as they are. */
  readonly sources: readonly NamedSource[];
  /** The file to write; its ending says the format. */
  readonly out: string;
  readonly seed: number;
  readonly memory: string;
  readonly where?: string;
  /** Column that names the source of each row; none when absent. */
  readonly mark?: string;
  /** Told which lines of a file were no rows. */
  readonly warn: (message: string) => void;
  /** Told the number of rows that are done. */
  readonly onRows: (done: number) => void;
}

/**
 * Translates tables of any size in bounded memory and writes them as one, in the target's columns. The file appears when it is
 * whole. Answers the rows of each source. Throws what tables, translation and writer throw, and `INVALID_INPUT` where the file
 * is one that is read.
 */
export async function translateTables(
  translation: Translation,
  options: TranslateTablesOptions,
): Promise<Readonly<Record<string, number>>> {
  const { description } = translation;
  const { sources, out, memory, mark, onRows } = options;
  const columns = [
    ...writtenColumns(description.schema, trainingColumnsOf(description)),
    ...extraColumns(description, sources, mark),
  ];
  checkDistinct(columns);
  const width = rowWidth(description.schema) + 1 + 1;
  const writer = await createRowsWriter(out, { width, columns, memoryLimit: memory });
  const counts: Record<string, number> = {};
  let done = 0;
  try {
    for (const [index, source] of sources.entries()) {
      counts[source.name] = await translateTable(translation, writer, { ...options, source, index }, (rows) =>
        onRows(done + rows),
      );
      done += counts[source.name]!;
    }
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
  await writer.commit();
  return counts;
}

interface OneTable extends TranslateTablesOptions {
  readonly source: NamedSource;
  /** Of the source, for its mark. */
  readonly index: number;
}

async function translateTable(
  translation: Translation,
  writer: RowsWriter,
  { source, index, out, seed, memory, where, warn }: OneTable,
  onRows: (done: number) => void,
): Promise<number> {
  const { carried, classes, schema: target } = translation.description;
  const own = schemaOf(translation.description, source.name);
  const names = carried.map(({ name }) => name);
  const schema = withCarried(own, carried, classes);
  const classOfLevels = createClassFinder(classes);
  const table = await openSource(source, own, memory, where);
  let done = 0;
  try {
    checkNotSource(table.files, out);
    table.leftOut.forEach(warn);
    for await (const batch of rawRowBatches(table, schema, { rowsPerBatch: 4 * TRANSLATED_BLOCK })) {
      const { data, levels } = takeApart(schema, batch.rows, names);
      const classOf = levels.map((each) => classOfLevels(each) ?? -1);
      const stranger = classOf.indexOf(-1);
      if (stranger >= 0) throw await noClassOf(table, batch.firstRow + stranger, source.name, translation.description);
      const options = { seed, firstRow: batch.firstRow, classes: classOf };
      const rows = own === target ? data : await translation.translate(source.name, data, options);
      writer.append(withMarks(rows, rowWidth(target), classOf, index));
      done += classOf.length;
      onRows(done);
    }
  } finally {
    await table.close();
  }
  return done;
}

/** The fault of a row of no class, with the values that the table has, in the user's own spelling. */
async function noClassOf(
  { database }: Table,
  row: number,
  source: string,
  { carried, classes }: TranslationDescription,
): Promise<AristarchError> {
  const values = carried.map(({ name }) => `CAST(${quoteName(name)} AS VARCHAR)`).join(', ');
  const [given = {}] = await database.rows(`SELECT ${values} FROM data LIMIT 1 OFFSET ${row}`);
  const levels = Object.values(given).map((value) => (typeof value === 'string' ? value : null));
  return noClass(`row ${row + 1} of ${source}`, levels, carried, classes);
}

function schemaOf({ target, schema, sources }: TranslationDescription, name: string): FeatureSchema {
  return name === target ? schema : sources.find((source) => source.name === name)!.schema;
}

function openSource({ data }: NamedSource, schema: FeatureSchema, memory: string, where?: string): Promise<Table> {
  const text = textColumns(schema);
  return openTable({ data, text, memoryLimit: memory, ...(where !== undefined && { where }) });
}

/** Carried columns are read as categories of the levels that some class has. */
function withCarried(
  schema: FeatureSchema,
  carried: readonly Carried[],
  classes: readonly ClassLevels[],
): FeatureSchema {
  const fields = carried.map(({ name }, index) => {
    const levels = [...new Set(classes.map((each) => each[index] ?? null))].filter((level) => level !== null);
    return { name, kind: 'category', missing: false, levels } as const;
  });
  return { ...schema, fields: [...schema.fields, ...fields] };
}

/** Each row of the target with its class and the index of its source behind it. */
function withMarks(rows: Float32Array, width: number, classes: readonly number[], source: number): Float32Array {
  const out = new Float32Array(classes.length * (width + 2));
  classes.forEach((own, row) => {
    const at = row * (width + 2);
    out.set(rows.subarray(row * width, (row + 1) * width), at);
    out[at + width] = own;
    out[at + width + 1] = source;
  });
  return out;
}

const SQL_TYPES: { readonly [K in Carried['kind']]: (levels: readonly (string | null)[]) => string } = {
  number: (levels) => (levels.every((level) => level === null || /^-?\d{1,18}$/.test(level)) ? 'BIGINT' : 'DOUBLE'),
  boolean: () => 'BOOLEAN',
  category: () => 'VARCHAR',
};

/** In the order of the target's fields. */
function trainingColumnsOf({ schema, trainingColumns }: TranslationDescription) {
  return schema.fields.map(({ name }) => trainingColumns.find((column) => column.name === name));
}

/** The carried columns, and the mark. */
function extraColumns(
  { schema, carried, classes }: TranslationDescription,
  sources: readonly NamedSource[],
  mark: string | undefined,
): WrittenColumn[] {
  const width = rowWidth(schema);
  const pick = (list: string, slot: number): string => `list_extract(${list}, CAST(${slotColumn(slot)} AS BIGINT) + 1)`;
  const levels = carried.map(({ name, kind }, index): WrittenColumn => {
    const own = classes.map((each) => each[index] ?? null);
    // A missing level is an empty text until it is NULL.
    const list = `CAST(${quoteList(own.map((level) => level ?? ''))} AS VARCHAR[])`;
    const known = `CAST(${quoteList(own.map((level) => String(level !== null)))} AS VARCHAR[])`;
    const value = `CASE WHEN ${pick(known, width)} = 'true' THEN ${pick(list, width)} END`;
    return { name, sql: `CAST(${value} AS ${SQL_TYPES[kind](own)})` };
  });
  if (mark === undefined) return levels;
  const names = `CAST(${quoteList(sources.map(({ name }) => name))} AS VARCHAR[])`;
  return [...levels, { name: mark, sql: pick(names, width + 1) }];
}

/** Case does not count in SQL. */
function checkDistinct(columns: readonly WrittenColumn[]): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = columns.find((_, index) => names.indexOf(names[index]!) < index);
  if (twice === undefined) return;
  const message = `the target has a column "${twice.name}" already: name another one with --mark`;
  throw new AristarchError('INVALID_INPUT', message, { column: twice.name });
}
