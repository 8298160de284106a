import { AristarchError } from '../../base/errors.ts';
import type { BooleanField, CategoryField, FeatureSchema } from './schema.ts';
import { SLOTS } from './schema.ts';

/** A level of a condition, by name: null where the value is missing. */
export type GroupLevel = string | boolean | null;

/** Name of the group of rows whose combination of levels has none of its own. */
export const REST_GROUP = 'the rest';

interface GroupingField {
  readonly field: CategoryField | BooleanField;
  readonly slot: number;
}

/** How rows are grouped by the levels of their conditions. */
export interface ConditionGroups {
  /** Names of the conditions that group: categories and flags. Numbers and times have no levels to group by. */
  readonly names: readonly string[];
  /** Key of a raw row's group; rows with one key are one group. */
  readonly keyOf: (rows: Float32Array, row: number) => string;
  /** The levels that a raw row has; null where one of them was never seen in training. */
  readonly levelsOf: (rows: Float32Array, row: number) => GroupLevel[] | null;
  /** Slots of a raw row that has these levels; throws `INTERNAL` where the fields have no such levels. */
  readonly valuesOf: (levels: readonly GroupLevel[]) => number[];
  /** The key of the rows that have these levels; null where the fields have no such levels. */
  readonly keyOfLevels: (levels: readonly GroupLevel[]) => string | null;
  /** For people: `protocol = tcp, flag is missing`; a text that could be taken for something else is quoted. */
  readonly describe: (levels: readonly GroupLevel[]) => string;
}

/** The groups of a schema's conditions; null where no condition has levels. */
export function conditionGroups(schema: FeatureSchema): ConditionGroups | null {
  const fields = groupingFields(schema);
  if (fields.length === 0) return null;
  const width = schema.fields.reduce((total, { kind }) => total + SLOTS[kind], 0);
  const slotsOf = (rows: Float32Array, row: number): number[] => fields.map(({ slot }) => rows[row * width + slot]!);
  return {
    names: fields.map(({ field }) => field.name),
    keyOf: (rows, row) => slotsOf(rows, row).join(),
    levelsOf: (rows, row) => {
      const levels = slotsOf(rows, row).map((value, index) => toLevel(fields[index]!.field, value));
      return levels.includes(undefined) ? null : (levels as GroupLevel[]);
    },
    valuesOf: (levels) => toValues(fields, levels) ?? unknownLevels(levels),
    keyOfLevels: (levels) => toValues(fields, levels)?.join() ?? null,
    describe: (levels) => fields.map(({ field }, index) => describeLevel(field.name, levels[index] ?? null)).join(', '),
  };
}

function groupingFields({ fields }: FeatureSchema): GroupingField[] {
  let slot = 0;
  return fields.flatMap((field) => {
    const at = slot;
    slot += SLOTS[field.kind];
    const groups = field.condition === true && (field.kind === 'category' || field.kind === 'boolean');
    return groups ? [{ field, slot: at }] : [];
  });
}

function toLevel(field: CategoryField | BooleanField, value: number): GroupLevel | undefined {
  if (Number.isNaN(value)) return null;
  return field.kind === 'boolean' ? value !== 0 : field.levels[value];
}

function toValues(fields: readonly GroupingField[], levels: readonly GroupLevel[]): number[] | null {
  if (levels.length !== fields.length) return null;
  const values = levels.map((level, index) => toValue(fields[index]!.field, level));
  return values.includes(undefined) ? null : (values as number[]);
}

function unknownLevels(levels: readonly GroupLevel[]): never {
  throw new AristarchError('INTERNAL', `the fields have no levels ${levels.join(', ')}`);
}

function toValue(field: CategoryField | BooleanField, level: GroupLevel): number | undefined {
  if (level === null) return NaN;
  if (field.kind === 'boolean') return typeof level === 'boolean' ? Number(level) : undefined;
  const index = typeof level === 'string' ? field.levels.indexOf(level) : -1;
  return index < 0 ? undefined : index;
}

function describeLevel(name: string, level: GroupLevel): string {
  if (level === null) return `${name} is missing`;
  const text = String(level);
  return `${name} = ${/^[^,="]+$/.test(text) ? text : JSON.stringify(text)}`;
}
