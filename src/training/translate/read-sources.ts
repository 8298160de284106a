import { createHash } from 'node:crypto';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { listNames, suggestNames } from '../../base/near-names.ts';
import { rowWidth } from '../../models/features/schema.ts';
import { columnClass } from '../../tables/column-class.ts';
import { parseNamedSources, type NamedSource } from '../../tables/named-sources.ts';
import { openTable, type Table } from '../../tables/table.ts';
import { inferSchema } from '../data/infer.ts';
import { readRows, rowsWithin } from '../data/read-rows.ts';
import { overriddenText, readSchemaFile, type SchemaOverrides } from '../data/schema-overrides.ts';
import type { RunValues } from '../run-settings.ts';
import { splitConditions, NORMAL, type Carried, type ClassLevels, type PreparedSource } from './classes.ts';
import type { TranslationSource } from './fit-translation.ts';

/** All sources of a run, read and understood. */
export interface PreparedSources {
  readonly sources: readonly PreparedSource[];
  readonly target: string;
  /** Columns that rows carry along. */
  readonly carried: readonly Carried[];
  /** Their levels in each class, in the order of `carried`; null where missing. */
  readonly classes: readonly ClassLevels[];
  /** Of schemas and rows of all sources, and of their classes: these are inputs of the networks. */
  readonly sha256: string;
  readonly warnings: readonly string[];
}

/** Fewer rows than this say nothing about how a source is spread. */
const FEWEST_ROWS = 10;

/**
 * Reads the sources of a run, each with the columns that it has, all of their rows (`--where` is for the critic). Throws what
 * tables and inference throw, and `INVALID_INPUT` for columns that no source has.
 */
export async function prepareSources(run: RunValues): Promise<PreparedSources> {
  const named = parseNamedSources(run.source);
  const file = run.schema === undefined ? { fields: {}, condition: [] } : await readSchemaFile(run.schema);
  const names = [...new Set([...run.condition, ...file.condition])];
  const excluded = run.exclude.map((name) => [name, 'exclude'] as const);
  const overrides: SchemaOverrides = { ...file.fields, ...Object.fromEntries(excluded) };
  const options = { run, names, overrides, share: named.length };
  const read: ReadSource[] = [];
  for (const source of named) read.push(await readSource(source, options));
  checkNames(Object.keys(overrides), read);
  const { carried, sources, classes } = splitConditions(read, names, run.target ?? '');
  const sha256 = createHash('sha256').update(JSON.stringify([carried, classes]));
  for (const { name, schema, rows } of read) {
    const { buffer, byteOffset, byteLength } = rows.data;
    sha256.update(JSON.stringify([name, schema])).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return {
    ...{ sources, carried, classes, target: run.target ?? '', sha256: sha256.digest('hex') },
    warnings: read.flatMap(({ name, warnings }) => warnings.map((warning) => `${name}: ${warning}`)),
  };
}

/** A source as it is read: conditions are categories among its columns. */
export interface ReadSource extends Omit<TranslationSource, 'classes'> {
  /** Whether the column of each condition holds numbers, flags or texts. */
  readonly kinds: Readonly<Record<string, Carried['kind']>>;
  /** Whether a column says which rows are normal. */
  readonly isMarked: boolean;
  /** All columns of its files. */
  readonly columns: readonly string[];
  readonly warnings: readonly string[];
}

interface ReadOptions {
  readonly run: RunValues;
  readonly names: readonly string[];
  readonly overrides: SchemaOverrides;
  /** How many sources share the memory. */
  readonly share: number;
}

async function readSource({ name, data }: NamedSource, options: ReadOptions): Promise<ReadSource> {
  const { run, names, overrides, share } = options;
  const { where } = run;
  const marked = where === undefined ? {} : { marked: { name: NORMAL, where } };
  const table = await openTable({ data, text: overriddenText(overrides), ...marked }).catch((thrown: unknown) => {
    throw ofSource(name, thrown);
  });
  try {
    const columns = table.columns.map((column) => column.name).filter((column) => column !== NORMAL);
    checkConditions(name, names, columns);
    if (table.rowCount < FEWEST_ROWS) throw tooFewRows(name, table.rowCount);
    const own = Object.entries(overrides).filter(([column]) => columns.includes(column));
    const levels = names.map((column) => [column, 'category'] as const);
    const { schema, warnings } = await inferSchema(table, {
      overrides: {
        ...Object.fromEntries([...own, ...levels]),
        ...(where !== undefined && { [NORMAL]: 'boolean' as const }),
      },
      keepConstant: true,
    });
    const kinds = Object.fromEntries(names.map((column) => [column, kindOf(table, column)]));
    const maxRows = Math.max(FEWEST_ROWS, rowsWithin((run.memoryBudget * 2 ** 20) / share, schema));
    const { rows, count } = await readRows(table, schema, { maxRows: Math.min(maxRows, 2 ** 22), seed: run.seed });
    return {
      name,
      schema,
      rows: { data: rows, shape: [count, rowWidth(schema)] },
      kinds,
      columns,
      warnings: [...table.leftOut, ...warnings],
      isMarked: where !== undefined,
    };
  } finally {
    await table.close();
  }
}

/** A fault of one of several sources says which. */
function ofSource(name: string, thrown: unknown): AristarchError {
  const { code, message, data } = toAristarchError(thrown);
  return new AristarchError(code, `${name}: ${message}`, { ...data, source: name }, thrown);
}

function kindOf(table: Table, name: string): Carried['kind'] {
  const found = table.columns.find((column) => column.name === name);
  const type = found === undefined ? 'text' : columnClass(found.type);
  if (type === 'boolean') return 'boolean';
  return type === 'text' || type === 'json' || type === 'temporal' ? 'category' : 'number';
}

function checkConditions(source: string, names: readonly string[], columns: readonly string[]): void {
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown === undefined) return;
  const message = `--condition names "${unknown}", which ${source} has no column of: every source needs it.${suggestNames(unknown, columns)}`;
  throw new AristarchError('INVALID_INPUT', message, { source, condition: unknown });
}

function checkNames(names: readonly string[], sources: readonly ReadSource[]): void {
  const all = [...new Set(sources.flatMap(({ columns }) => columns))];
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length === 0) return;
  const message = `--exclude or --schema name ${listNames(unknown.map((name) => JSON.stringify(name)))}, which no source has.${suggestNames(unknown[0]!, all)}`;
  throw new AristarchError('INVALID_INPUT', message, { unknown });
}

function tooFewRows(name: string, count: number): AristarchError {
  const message = `the source ${name} has ${count} rows; at least ${FEWEST_ROWS} are needed to translate them`;
  return new AristarchError('INVALID_INPUT', message, { name, count });
}
