import type { FeatureSchema, Field } from '../../src/models/features/schema.ts';
import type { NumberArray } from '../../src/runtime/executor.ts';

/** A column of a table. Numbers and flags are NaN where null. */
export type RawColumn =
  | { readonly kind: 'number'; readonly name: string; readonly values: Float32Array }
  | { readonly kind: 'boolean'; readonly name: string; readonly values: Float32Array }
  | { readonly kind: 'category'; readonly name: string; readonly values: readonly (string | null)[] };

/** All rows of a hospital, of a service. */
export interface SourceTable {
  readonly name: string;
  /** The columns that it has. */
  readonly columns: readonly RawColumn[];
  /** 1 = disease, attack; one for each row. */
  readonly classes: Uint8Array;
}

/** Chosen rows of a table. */
export interface Source {
  readonly name: string;
  readonly schema: FeatureSchema;
  /** Raw rows, [count, fields]: NaN is null, a category is the index of its level. */
  readonly rows: NumberArray;
  readonly classes: Uint8Array;
}

/** One split: a target that is short of rows, the others' rows, and rows of the target that nothing is fitted on. */
export interface Exchange {
  readonly target: Source;
  readonly others: readonly Source[];
  /** Its schema knows the target's levels, and more. */
  readonly test: Source;
}

/** The chosen rows. Levels have the indices that they have in `known`, the training rows' schema; others come after them. */
export function chooseRows(
  { name, columns, classes }: SourceTable,
  chosen: Uint32Array,
  known?: FeatureSchema,
): Source {
  const fields = columns.map((column, place) => toField(column, chosen, known?.fields[place]));
  const width = columns.length;
  const data = new Float32Array(chosen.length * width);
  columns.forEach((column, place) => {
    const valueAt = slotReader(column, fields[place]!);
    chosen.forEach((row, at) => (data[at * width + place] = valueAt(row)));
  });
  return {
    ...{ name, schema: { fields, excluded: [] }, rows: { data, shape: [chosen.length, width] } },
    classes: Uint8Array.from(chosen, (row) => classes[row]!),
  };
}

/** Numbers are measurements here, whole or not: what is filled in with a mean is not rounded. */
function toField(column: RawColumn, chosen: Uint32Array, known?: Field): Field {
  const { kind, name } = column;
  if (kind === 'number') return { kind, name, missing: hasNull(column.values, chosen), integer: false };
  if (kind === 'boolean') return { kind, name, missing: hasNull(column.values, chosen) };
  const found = Array.from(chosen, (row) => column.values[row] ?? null);
  const levels = byFrequency(found.filter((level) => level !== null));
  const first = known?.kind === 'category' ? known.levels : [];
  return { kind, name, missing: found.includes(null), levels: [...new Set([...first, ...levels])] };
}

function hasNull(values: Float32Array, chosen: Uint32Array): boolean {
  return chosen.some((row) => Number.isNaN(values[row]));
}

/** Most frequent first, ties by name, as `train` orders levels. */
function byFrequency(values: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([level]) => level);
}

function slotReader(column: RawColumn, field: Field): (row: number) => number {
  if (column.kind !== 'category') return (row) => column.values[row]!;
  const indices = new Map(field.kind === 'category' ? field.levels.map((level, index) => [level, index]) : []);
  return (row) => indices.get(column.values[row] ?? '') ?? NaN;
}
