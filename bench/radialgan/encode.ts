import type { FeatureSchema, Field } from '../../src/models/features/schema.ts';
import { momentsOf } from './moments.ts';
import type { Source } from './sources.ts';

/** Rows for classifiers and neighbours, [count][places]; a place is a number, a flag, or one level of a category. */
export type Matrix = readonly (readonly number[])[];

/** The places of all columns that any of the sources has. */
export interface Layout {
  readonly places: readonly Place[];
}
export interface Place {
  readonly field: string;
  /** Of a category only. */
  readonly level: string | null;
  readonly isNumber: boolean;
}

export interface Encoded {
  readonly rows: Matrix;
  /** By place: whether the source has the column; 0 stands where it has not. */
  readonly has: readonly boolean[];
}

export function createLayout(sources: readonly Source[]): Layout {
  const fields = sources.flatMap(({ schema }) => schema.fields);
  const places = [...new Set(fields.map(({ name }) => name))].flatMap((name): Place[] => {
    const found = fields.filter((field) => field.name === name);
    const levels = found.flatMap((field) => (field.kind === 'category' ? field.levels : []));
    if (found[0]!.kind === 'category')
      return [...new Set(levels)].sort().map((level) => ({ field: name, level, isNumber: false }));
    return [{ field: name, level: null, isNumber: found[0]!.kind === 'number' }];
  });
  return { places };
}

/** Nulls become the median, of flags and categories the most frequent value, of the reference's rows. */
export function completeRows(source: Source, reference: Source): Source {
  const width = source.schema.fields.length;
  const fills = reference.schema.fields.map(({ kind }, place) => {
    const known = Array.from(columnOf(reference, place)).filter((value) => !Number.isNaN(value));
    return kind === 'number' ? medianOf(known) : modeOf(known);
  });
  const data = source.rows.data.map((value, at) => (Number.isNaN(value) ? fills[at % width]! : value));
  return { ...source, rows: { ...source.rows, data: Float32Array.from(data) } };
}

function columnOf({ rows, schema }: Source, place: number): number[] {
  const width = schema.fields.length;
  return Array.from({ length: rows.shape[0] ?? 0 }, (_, row) => rows.data[row * width + place]!);
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** The smallest of those that are found most often. */
function modeOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const counts = new Map<number, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0];
}

/** 0 and 1 for flags and levels, numbers as they are. */
export function encode({ places }: Layout, { schema, rows }: Source): Encoded {
  const width = schema.fields.length;
  const readers = places.map((place) => createReader(place, schema));
  return {
    has: readers.map((read) => read !== null),
    rows: Array.from({ length: rows.shape[0] ?? 0 }, (_, row) =>
      readers.map((read) => (read === null ? 0 : read(rows.data, row * width))),
    ),
  };
}

function createReader(
  place: Place,
  { fields }: FeatureSchema,
): ((data: ArrayLike<number>, at: number) => number) | null {
  const slot = fields.findIndex(({ name }) => name === place.field);
  if (slot < 0) return null;
  if (place.level === null) return (data, at) => data[at + slot]!;
  const level = levelsOf(fields[slot]!).indexOf(place.level);
  return (data, at) => (data[at + slot] === level ? 1 : 0);
}

function levelsOf(field: Field): readonly string[] {
  return field.kind === 'category' ? field.levels : [];
}

/** Mean and deviation by place; 0 and 1 for all that is no number. */
export interface Scale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** A deviation below this is none: the column is constant. */
const CONSTANT = 1e-6;
/** z-scores end here, so that one odd value does not rule a column. */
const CLIP = 6;

/** Of the numbers of all given rows that have the column. */
export function scaleOf({ places }: Layout, encoded: readonly Encoded[]): Scale {
  const columns = places.map(({ isNumber }, place) => {
    const values = encoded.filter(({ has }) => has[place]).flatMap(({ rows }) => rows.map((row) => row[place]!));
    if (!isNumber || values.length === 0) return { mean: 0, deviation: 1 };
    const { mean, deviation } = momentsOf(values);
    return { mean, deviation: deviation > CONSTANT ? deviation : 1 };
  });
  return { mean: columns.map(({ mean }) => mean), deviation: columns.map(({ deviation }) => deviation) };
}

/** z-scores, clipped; lacking columns stay 0. */
export function standardise({ places }: Layout, { rows, has }: Encoded, { mean, deviation }: Scale): Encoded {
  const scaled = (value: number, place: number): number => {
    if (!has[place] || !places[place]!.isNumber) return value;
    return Math.max(-CLIP, Math.min(CLIP, (value - mean[place]!) / deviation[place]!));
  };
  return { has, rows: rows.map((row) => row.map(scaled)) };
}
