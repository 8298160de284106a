import { AristarchError } from '../../base/errors.ts';
import { rowWidth, SLOTS, type FeatureSchema, type Field } from '../features/schema.ts';

/** A column that translated rows carry along, and what its values are. */
export interface Carried {
  readonly name: string;
  readonly kind: 'number' | 'boolean' | 'category';
}

/** The level of each carried column in a class; null where it is missing. */
export type ClassLevels = readonly (string | null)[];

/** Raw rows in which carried columns are categories, taken apart: the other columns, and what was carried. */
export interface TakenApart {
  readonly schema: FeatureSchema;
  /** Raw rows [count, rowWidth of the schema]. */
  readonly data: Float32Array;
  readonly levels: readonly ClassLevels[];
}

/** Takes the carried columns out of raw rows. */
export function takeApart(schema: FeatureSchema, data: Float32Array, names: readonly string[]): TakenApart {
  const width = rowWidth(schema);
  const slots = slotsOf(schema);
  const kept = slots.filter(({ field }) => !names.includes(field.name));
  const carried = names.map((name) => slots.find(({ field }) => field.name === name)!);
  const count = data.length / width;
  const own = { ...schema, fields: schema.fields.filter(({ name }) => !names.includes(name)) };
  const out = new Float32Array(count * rowWidth(own));
  const places = kept.flatMap(({ field, slot }) =>
    Array.from({ length: SLOTS[field.kind] }, (_, index) => slot + index),
  );
  for (let row = 0, at = 0; row < count; row++) for (const place of places) out[at++] = data[row * width + place]!;
  const levels = Array.from({ length: count }, (_, row) =>
    carried.map(({ field, slot }) => levelOf(field, data[row * width + slot]!)),
  );
  return { schema: own, data: out, levels };
}

function slotsOf({ fields }: FeatureSchema): { readonly field: Field; readonly slot: number }[] {
  let slot = 0;
  return fields.map((field) => {
    const at = slot;
    slot += SLOTS[field.kind];
    return { field, slot: at };
  });
}

/** A level that the schema does not know is '(unknown)': no class has it. */
function levelOf(field: Field, value: number): string | null {
  if (Number.isNaN(value)) return null;
  return field.kind === 'category' ? (field.levels[value] ?? '(unknown)') : String(value);
}

/** Class of a row by its levels; undefined where there is none. */
export function createClassFinder(classes: readonly ClassLevels[]): (levels: ClassLevels) => number | undefined {
  const byKey = new Map(classes.map((levels, index) => [classKey(levels), index]));
  return (levels) => byKey.get(classKey(levels));
}

/** What is said of a row of no class: `where` it is, and the levels that it has. */
export function noClass(
  where: string,
  levels: ClassLevels,
  carried: readonly Carried[],
  classes: readonly ClassLevels[],
): AristarchError {
  const names = carried.map(({ name }) => name).join(', ');
  const known = classes.map((each) => each.map(showLevel).join(' ')).join('; ');
  const message = `${where} has ${names} = ${levels.map(showLevel).join(' ')}, which no training row had: there were ${known}`;
  return new AristarchError('INVALID_INPUT', message, { levels });
}

/** Class of each row by its levels. Throws `INVALID_INPUT` that names the row, from 1, and what the classes are. */
export function createClassifier(
  carried: readonly Carried[],
  classes: readonly ClassLevels[],
): (levels: ClassLevels, row: number) => number {
  const find = createClassFinder(classes);
  return (levels, row) => {
    const found = find(levels);
    if (found !== undefined) return found;
    throw noClass(`row ${row + 1}`, levels, carried, classes);
  };
}

export const classKey = (levels: ClassLevels): string => JSON.stringify(levels);
const showLevel = (level: string | null): string => level ?? 'null';
