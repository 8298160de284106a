import { AristarchError } from '../../base/errors.ts';
import { slotNames, SLOTS, type FeatureSchema, type Field, type FieldKind } from '../features/schema.ts';
import type { ReadSlot } from '../features/transform.ts';
import {
  fitCycle,
  fitLevels,
  fitNumber,
  isMostlyMissing,
  largestScore,
  type NumberPlace,
  type Place,
} from './places.ts';

/** One source of rows, as the union is fitted on it. */
export interface UnionSource {
  readonly name: string;
  /** The columns that the source has; one that it lacks is not there. */
  readonly schema: FeatureSchema;
  readonly readSlot: ReadSlot;
}

/** Scale of numbers: as they are, sign(x) log(1 + |x|), or `auto`: the latter in a column with a heavy tail in some source. */
export type NumberScale = 'auto' | 'standard' | 'signed-log';

/** A column that some source has. `places` says, source by source, where it is and how it is spread; null where it lacks. */
interface ColumnBase<P extends Place> {
  readonly name: string;
  readonly places: readonly (P | null)[];
}
export interface UnionNumber extends ColumnBase<NumberPlace> {
  readonly signedLog: boolean;
}
/** The second of the day, an angle. */
export type UnionCycle = ColumnBase<Place>;
export type UnionFlag = ColumnBase<Place>;
export interface UnionCategory extends ColumnBase<Place> {
  /** Levels of all sources; for each source the index of each of them in its own list, -1 where it has not got it. */
  readonly levels: readonly string[];
  readonly indices: readonly (readonly number[])[];
}

/**
 * All columns of all sources, matched by name. What networks see is one row over the union, [width]: numbers in the source's
 * own z-scores, sine and cosine of times, flags as 0 or 1, indicators of levels; 0 in columns that the source lacks.
 */
export interface Union {
  readonly sources: readonly Pick<UnionSource, 'name' | 'schema'>[];
  readonly numbers: readonly UnionNumber[];
  readonly cycles: readonly UnionCycle[];
  readonly flags: readonly UnionFlag[];
  readonly categories: readonly UnionCategory[];
  readonly width: number;
  /** For each source 1 where it has the column (of a category: the level), else 0; [sources][width]. */
  readonly masks: readonly Float32Array[];
}

export const SECONDS_OF_DAY = 86_400;
const WEEKDAYS = ['0', '1', '2', '3', '4', '5', '6'];
/** Beyond so many standard deviations a tail is heavy: z-scores are clipped at 6 (encode.ts), normal ones end before that. */
const HEAVY_TAIL = 10;

/** Matches columns by name. Throws `SCHEMA_MISMATCH` where two sources have a column with different kinds of values. */
export function fitUnion(sources: readonly UnionSource[], scale: NumberScale): Union {
  const names = [...new Set(sources.flatMap(({ schema }) => schema.fields.map(({ name }) => name)))];
  const columns = names.map((name) => ({ name, fields: fieldsNamed(name, sources) }));
  const parts = columns.map((column) =>
    COLUMNS[column.fields.find((each) => each !== null)!.field.kind](column, scale),
  );
  const union = {
    sources: sources.map(({ name, schema }) => ({ name, schema })),
    numbers: parts.flatMap(({ numbers = [] }) => numbers),
    cycles: parts.flatMap(({ cycles = [] }) => cycles),
    flags: parts.flatMap(({ flags = [] }) => flags),
    // Neighbours of one size are one operation of the networks' last layer.
    categories: parts.flatMap(({ categories = [] }) => categories).sort((a, b) => a.levels.length - b.levels.length),
  };
  const masks = sources.map((_, source) => maskOf(union, source));
  return { ...union, width: masks[0]?.length ?? 0, masks };
}

/** Names of the columns that both sources have. */
export function sharedColumns(union: Union, a: number, b: number): string[] {
  const all = [...union.numbers, ...union.cycles, ...union.flags, ...union.categories];
  return all.filter(({ places }) => places[a] && places[b]).map(({ name }) => name);
}

interface Found {
  readonly field: Field;
  readonly slot: number;
  readonly readSlot: ReadSlot;
}
interface NamedColumn {
  readonly name: string;
  readonly fields: readonly (Found | null)[];
}
type Parts = Partial<Pick<Union, 'numbers' | 'cycles' | 'flags' | 'categories'>>;

/** The column in each source; null where it has not got it, or hardly any value of it. */
function fieldsNamed(name: string, sources: readonly UnionSource[]): (Found | null)[] {
  const found = sources.map(({ schema, readSlot }) => {
    const index = schema.fields.findIndex((field) => field.name === name);
    if (index < 0) return null;
    const slot = schema.fields.slice(0, index).reduce((total, { kind }) => total + SLOTS[kind], 0);
    return { field: schema.fields[index]!, slot, readSlot };
  });
  checkKinds(name, sources, found);
  const present = found.map((each) => (each && !isMostlyMissing(each.readSlot(each.slot)) ? each : null));
  // Missing nearly everywhere: then it is at least a column of those that have it.
  return present.some((each) => each !== null) ? present : found;
}

function checkKinds(name: string, sources: readonly UnionSource[], found: readonly (Found | null)[]): void {
  const first = found.findIndex((each) => each !== null);
  const other = found.findIndex((each) => each !== null && each.field.kind !== found[first]!.field.kind);
  if (other < 0) return;
  const [a, b] = [first, other].map((at) => `${found[at]!.field.kind} in ${sources[at]!.name}`);
  const message = `the column "${name}" is a ${a} and a ${b}: make them alike in the data, say with --schema what it is in all sources, {"fields": {${JSON.stringify(name)}: "category"}}, or leave it out with --exclude`;
  throw new AristarchError('SCHEMA_MISMATCH', message, { column: name });
}

/** A field's columns in the union, by kind. */
const COLUMNS: { readonly [K in FieldKind]: (column: NamedColumn, scale: NumberScale) => Parts } = {
  number: ({ name, fields }, scale) => {
    const values = fields.map((each) => each && each.readSlot(each.slot).slice());
    const isHeavy = values.some((each) => each !== null && largestScore(each) > HEAVY_TAIL);
    const signedLog = scale === 'auto' ? isHeavy : scale === 'signed-log';
    const places = fields.map((each, source) => each && fitNumber(each, values[source]!, signedLog));
    return { numbers: [{ name, signedLog, places }] };
  },
  boolean: ({ name, fields }) => ({ flags: [{ name, places: fields.map((each) => each && fitLevels(each, 2)) }] }),
  category: ({ name, fields }) => {
    const own = fields.map((each) => (each?.field.kind === 'category' ? each.field.levels : []));
    const levels = [...new Set(own.flat())];
    const places = fields.map((each, source) => each && fitLevels(each, own[source]!.length));
    return {
      categories: [{ name, levels, places, indices: own.map((list) => levels.map((level) => list.indexOf(level))) }],
    };
  },
  timestamp: ({ name, fields }) => {
    const days = fields.map((each) => each && fitLevels({ ...each, slot: each.slot + 1 }, WEEKDAYS.length));
    const indices = fields.map((each) => WEEKDAYS.map((_, day) => (each ? day : -1)));
    const [second, day] = slotNames({ fields: [{ name, kind: 'timestamp', missing: false }], excluded: [] });
    return {
      cycles: [{ name: second!, places: fields.map((each) => each && fitCycle(each)) }],
      categories: [{ name: day!, levels: WEEKDAYS, places: days, indices }],
    };
  },
};

function maskOf({ numbers, cycles, flags, categories }: Omit<Union, 'width' | 'masks'>, source: number): Float32Array {
  const has = ({ places }: ColumnBase<Place>): number => (places[source] ? 1 : 0);
  const levels = categories.flatMap((column) => column.indices[source]!.map((index) => (index >= 0 ? has(column) : 0)));
  return Float32Array.from([...numbers.map(has), ...cycles.map(has), ...cycles.map(has), ...flags.map(has), ...levels]);
}
