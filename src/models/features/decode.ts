import { drawImage } from '../images/grid.ts';
import type { RawRecord } from './encode.ts';
import { shortestFloat } from './shortest-float.ts';
import { rowWidth, SLOTS, type FeatureSchema, type Field } from './schema.ts';
import { REFERENCE_MONDAY } from './timestamp.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/**
 * Raw rows -> records: `encode.ts` the other way round, so that the records encode to the same rows. A number is the shortest
 * decimal that names its float32 (0.1, not 0.10000000149011612), levels by name, flags as booleans, null where missing; a time is a Date in the week of 1970-01-05, for a raw row knows weekday and time of
 * day (UTC) only. An image is the bytes of a PNG.
 */
export function decodeRecords(schema: FeatureSchema, rows: Float32Array): RawRecord[] {
  const width = rowWidth(schema);
  const { image } = schema;
  return Array.from({ length: rows.length / width }, (_, row) => {
    const at = row * width;
    return image
      ? { [image.name]: drawImage(rows.subarray(at, at + width), image) }
      : decode(schema, rows, at, toValue);
  });
}

/** A raw row as named values for people: levels by name, times as weekday and clock, null where missing. */
export function decodeRow(schema: FeatureSchema, rows: Float32Array, row: number): Record<string, unknown> {
  return decode(schema, rows, row * rowWidth(schema), toShown);
}

type DecodeField = (field: Field, first: number, second: number) => unknown;

function decode(
  { fields }: FeatureSchema,
  rows: Float32Array,
  start: number,
  decodeField: DecodeField,
): Record<string, unknown> {
  let at = start;
  return Object.fromEntries(
    fields.map((field) => {
      const [first, second] = [rows[at]!, rows[at + 1] ?? NaN];
      at += SLOTS[field.kind];
      return [field.name, Number.isNaN(first) ? null : decodeField(field, first, second)];
    }),
  );
}

const toValue: DecodeField = (field, first, second) => {
  switch (field.kind) {
    case 'number':
      return shortestFloat(first);
    case 'boolean':
      return first !== 0;
    case 'category':
      return field.levels[first] ?? null;
    case 'timestamp':
      return new Date(1000 * (REFERENCE_MONDAY + 86_400 * second + first));
  }
};

const toShown: DecodeField = (field, first, second) => {
  if (field.kind === 'number') return first;
  if (field.kind === 'category') return field.levels[first] ?? '(unseen level)';
  if (field.kind === 'timestamp') return `${WEEKDAYS[second] ?? ''} ${clockTime(first)}`.trim();
  return toValue(field, first, second);
};

function clockTime(secondOfDay: number): string {
  const parts = [secondOfDay / 3600, (secondOfDay / 60) % 60, secondOfDay % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
}
