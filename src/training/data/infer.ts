import { AristarchError } from '../../base/errors.ts';
import type { ExcludedColumn, FeatureSchema, Field, FieldKind } from '../../models/features/schema.ts';
import { columnClass, type Column, type ColumnClass } from '../../tables/column-class.ts';
import type { Table } from '../../tables/table.ts';
import {
  countsRows,
  readJsonContent,
  readLevelStatistics,
  readNumbersInText,
  readValueStatistics,
  type JsonContent,
  type ValueStatistics,
} from './column-statistics.ts';
import { checkOverrides, type SchemaOverrides } from './schema-overrides.ts';
import { labelWarning, levelsWarning, numbersHint, resolutionWarning, textNumbersWarning } from './schema-warnings.ts';

/** Levels of a category that are kept, the most frequent ones; all others count as unseen. */
export const MOST_LEVELS = 256;
/** A text column with more levels than this, and than half its rows, is taken for an identifier. */
const IDENTIFIER_LEVELS = 100;
/** Why a column with one value is left out. */
export const CONSTANT = 'constant';
/** Below this many rows, whole numbers in a row may be chance. */
const COUNTER_ROWS = 20;

export interface InferOptions {
  readonly overrides?: SchemaOverrides;
  /** Whether columns with one value stay: what they say may vary elsewhere. They are left out when absent. */
  readonly keepConstant?: boolean;
}

export interface InferredSchema {
  readonly schema: FeatureSchema;
  /** Sentences for people: what looks wrong, and what to do. */
  readonly warnings: readonly string[];
}

/**
 * Infers the schema from the training rows (all of them, in SQL, in bounded memory). Columns are left out, each with its
 * reason, when they are constant, hold nothing, look like an identifier, or are of a type that is no field; overrides win.
 * Throws `INVALID_INPUT` for overrides that name no column or do not fit its values, and where no column is left.
 */
export async function inferSchema(table: Table, options: InferOptions = {}): Promise<InferredSchema> {
  const { overrides = {}, keepConstant = false } = options;
  checkOverrides(overrides, table.columns);
  const plans = await Promise.all(table.columns.map((column) => planColumn(table, column, overrides)));
  const outcomes = await decideValues(table, plans, keepConstant);
  for (const plan of plans) {
    if (plan.kind === 'category') outcomes.set(plan.column.name, await decideCategory(table, plan, keepConstant));
    if (plan.kind === 'exclude') outcomes.set(plan.column.name, { excluded: plan.reason });
  }
  return collect(table, outcomes);
}

/** What a column is going to be, before its values are looked at. `forced`: a person said so. */
type Plan =
  | { readonly kind: FieldKind; readonly column: Column; readonly forced: boolean }
  | { readonly kind: 'exclude'; readonly column: Column; readonly reason: string };

type Outcome =
  { readonly field: Field; readonly warnings: readonly (string | undefined)[] } | { readonly excluded: string };

const KIND_OF_CLASS: { readonly [C in Exclude<ColumnClass, 'json' | 'other'>]: FieldKind } = {
  integer: 'number',
  float: 'number',
  double: 'number',
  decimal: 'number',
  wide: 'number',
  boolean: 'boolean',
  text: 'category',
  temporal: 'timestamp',
};
const KIND_OF_JSON: { readonly [C in Exclude<JsonContent, 'nested'>]: FieldKind } = {
  number: 'number',
  boolean: 'boolean',
  scalar: 'category',
};

async function planColumn(table: Table, column: Column, overrides: SchemaOverrides): Promise<Plan> {
  const asked = Object.hasOwn(overrides, column.name) ? overrides[column.name] : undefined;
  if (asked === 'exclude') return { kind: 'exclude', column, reason: 'excluded by the schema file' };
  if (asked !== undefined) return { kind: asked, column, forced: true };
  const unsupported = { kind: 'exclude', column, reason: `type ${column.type} is not supported` } as const;
  const type = columnClass(column.type);
  if (column.type === 'BLOB') {
    const reason = `${unsupported.reason}; if it holds images, give --image-column ${column.name}`;
    return { ...unsupported, reason };
  }
  if (type === 'other') return unsupported;
  if (type !== 'json') return { kind: KIND_OF_CLASS[type], column, forced: false };
  const content = await readJsonContent(table, column);
  if (content === 'nested') return { ...unsupported, reason: 'nested JSON is not supported' };
  return { kind: KIND_OF_JSON[content], column, forced: false };
}

async function decideValues(
  table: Table,
  plans: readonly Plan[],
  keepConstant: boolean,
): Promise<Map<string, Outcome>> {
  const values = plans.flatMap((plan) =>
    plan.kind === 'category' || plan.kind === 'exclude' ? [] : [{ ...plan, kind: plan.kind }],
  );
  const statistics = await readValueStatistics(table, values);
  const outcomes = new Map<string, Outcome>();
  for (const [index, { column, kind, forced }] of values.entries()) {
    const found = statistics[index]!;
    const reason = forced ? emptyReason(table, found) : await reasonToExclude(table, column, found, keepConstant);
    outcomes.set(
      column.name,
      reason === undefined
        ? { field: toField(column.name, kind, found), warnings: [resolutionWarning(column.name, kind, found)] }
        : { excluded: reason },
    );
  }
  return outcomes;
}

function toField(name: string, kind: Exclude<FieldKind, 'category'>, { missing, whole }: ValueStatistics): Field {
  const base = { name, missing: missing > 0 };
  return kind === 'number' ? { ...base, kind, integer: whole } : { ...base, kind };
}

/** A column that is constant where it has a value, but missing elsewhere, still says something and stays. */
async function reasonToExclude(
  table: Table,
  column: Column,
  found: ValueStatistics,
  keepConstant: boolean,
): Promise<string | undefined> {
  const empty = emptyReason(table, found);
  if (empty !== undefined) return empty;
  const constant = found.min === found.max && found.missing === 0 && found.infinite === 0;
  if (constant) return keepConstant ? undefined : CONSTANT;
  const counter = table.rowCount >= COUNTER_ROWS && (await countsRows(table, column, found));
  return counter ? 'counts the rows' : undefined;
}

/** Not even a person's word makes a field of these. */
function emptyReason(table: Table, { missing, min }: ValueStatistics): string | undefined {
  if (missing === table.rowCount) return 'has no values';
  return Number.isNaN(min) ? 'has no finite value' : undefined;
}

async function decideCategory(
  table: Table,
  { column, forced }: Extract<Plan, { kind: FieldKind }>,
  keepConstant: boolean,
): Promise<Outcome> {
  const { missing, distinct, levels } = await readLevelStatistics(table, column, MOST_LEVELS);
  if (distinct === 0) return { excluded: 'has no values' };
  if (!forced && !keepConstant && distinct === 1 && missing === 0) return { excluded: CONSTANT };
  const isGuess = !forced && columnClass(column.type) === 'text';
  const hint = isGuess ? numbersHint(await readNumbersInText(table, column)) : undefined;
  if (!forced && distinct > Math.max(IDENTIFIER_LEVELS, table.rowCount / 2)) {
    const counts = `${distinct.toLocaleString('en')} levels in ${table.rowCount.toLocaleString('en')} rows`;
    return { excluded: `looks like an identifier (${counts})${hint === undefined ? '' : `, but ${hint}`}` };
  }
  const field: Field = { name: column.name, kind: 'category', missing: missing > 0, levels };
  return {
    field,
    warnings: [textNumbersWarning(column.name, hint), levelsWarning(column.name, distinct, MOST_LEVELS)],
  };
}

function collect(table: Table, outcomes: ReadonlyMap<string, Outcome>): InferredSchema {
  const fields: Field[] = [];
  const warnings: (string | undefined)[] = [];
  const excluded: ExcludedColumn[] = table.excluded.map((name) => ({ name, reason: 'excluded on request' }));
  for (const { name } of table.columns) {
    const outcome = outcomes.get(name)!;
    if ('excluded' in outcome) {
      excluded.push({ name, reason: outcome.excluded });
      continue;
    }
    fields.push(outcome.field);
    warnings.push(labelWarning(name), ...outcome.warnings);
  }
  if (fields.length === 0) throw nothingLeft(excluded);
  return { schema: { fields, excluded }, warnings: warnings.filter((warning) => warning !== undefined) };
}

function nothingLeft(excluded: readonly ExcludedColumn[]): AristarchError {
  const reasons = excluded.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  const message = `no column is left to learn from: ${reasons}. Give more rows, exclude fewer, or say with --schema what they are`;
  return new AristarchError('INVALID_INPUT', message, { excluded });
}
