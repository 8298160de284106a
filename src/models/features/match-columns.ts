import { AristarchError } from '../../base/errors.ts';
import { listNames, suggestNames } from '../../base/near-names.ts';
import type { Column } from '../../tables/column-class.ts';
import type { FeatureSchema, Field, FieldKind } from './schema.ts';

export interface ColumnMatch {
  /** The model's fields in order, each with its column. */
  readonly matched: readonly { readonly field: Field; readonly column: Column }[];
  /** Columns that the model does not know, neither as fields nor as excluded in training. */
  readonly extra: readonly string[];
}

/** Finds each field's column. Throws `SCHEMA_MISMATCH` that names every absent column. */
export function matchColumns(columns: readonly Column[], schema: FeatureSchema): ColumnMatch {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const missing = schema.fields.map(({ name }) => name).filter((name) => !byName.has(name));
  if (missing.length > 0) throw missingColumns(missing, [...byName.keys()]);
  const image = schema.image ? [schema.image] : [];
  const known = new Set([...schema.fields, ...image, ...schema.excluded].map(({ name }) => name));
  return {
    matched: schema.fields.map((field) => ({ field, column: byName.get(field.name)! })),
    extra: columns.map(({ name }) => name).filter((name) => !known.has(name)),
  };
}

/** A column whose type can never be the field's kind. */
export function wrongType({ name, type }: Column, kind: FieldKind): AristarchError {
  const message = `column "${name}" is ${type}, which cannot be read as a ${kind}: convert it in the data`;
  return new AristarchError('SCHEMA_MISMATCH', message, { column: name, type, kind });
}

/** Columns to open as text, so that levels such as "01234" stay what they are (`TableOptions.text`). */
export function textColumns(schema: FeatureSchema): string[] {
  return schema.fields.filter(({ kind }) => kind === 'category').map(({ name }) => name);
}

function missingColumns(missing: readonly string[], names: readonly string[]): AristarchError {
  const list = listNames(missing.map((name) => JSON.stringify(name)));
  const hint = missing.length === 1 ? suggestNames(missing[0]!, names) : ` There are: ${listNames(names)}.`;
  const message = `the data lacks columns that the model needs: ${list}.${hint} Add them, with nulls where values are missing`;
  return new AristarchError('SCHEMA_MISMATCH', message, { missing });
}
