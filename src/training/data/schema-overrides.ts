import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { suggestNames } from '../../base/near-names.ts';
import type { Column } from '../../tables/column-class.ts';

/**
 * What people say about columns, over what would be inferred: `{"fields": {"port": "category", "id": "exclude"}}`; and which
 * are conditions, beside those of --condition.
 */
const overridesSchema = z.strictObject({
  fields: z.record(z.string(), z.enum(['number', 'boolean', 'category', 'timestamp', 'exclude'])).default({}),
  condition: z.array(z.string().min(1)).default([]),
});
export type ColumnOverride = 'number' | 'boolean' | 'category' | 'timestamp' | 'exclude';
export type SchemaOverrides = Readonly<Record<string, ColumnOverride>>;
export interface SchemaFile {
  readonly fields: SchemaOverrides;
  readonly condition: readonly string[];
}

const EXAMPLE = '{"fields": {"port": "category", "id": "exclude"}}';

/** Reads a `--schema` file. Throws `NOT_FOUND` or `INVALID_INPUT`, naming the file and the place. */
export async function readSchemaFile(path: string): Promise<SchemaFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AristarchError('NOT_FOUND', `the schema file ${path} cannot be read: check the path`, { path }, cause);
  });
  return parseSchemaFile(parseJson(text, path), path);
}

export function parseSchemaFile(value: unknown, origin: string): SchemaFile {
  const parsed = overridesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  const message = `${origin} is no schema file (${reasons.join('; ')}). Write it like ${EXAMPLE}`;
  throw new AristarchError('INVALID_INPUT', message, { origin });
}

/** Refuses overrides of columns that do not exist. */
export function checkOverrides(overrides: SchemaOverrides, columns: readonly Column[]): void {
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(overrides).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const message = `the schema file names "${unknown}", which is no column of the data.${suggestNames(unknown, names)}`;
  throw new AristarchError('INVALID_INPUT', message, { column: unknown });
}

/** Columns to open as text, so that "01234" keeps its zero (`TableOptions.text`). */
export function overriddenText(overrides: SchemaOverrides): string[] {
  return Object.keys(overrides).filter((name) => overrides[name] === 'category');
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AristarchError(
      'INVALID_INPUT',
      `${path} is not JSON (${reason}). Write it like ${EXAMPLE}`,
      { path },
      cause,
    );
  }
}
