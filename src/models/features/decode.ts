import { rowWidth, SLOTS, type FeatureSchema, type Field } from './schema.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A raw row as named values for people: levels by name, times as weekday and clock, null where missing. */
export function decodeRow(schema: FeatureSchema, rows: Float32Array, row: number): Record<string, unknown> {
  let at = row * rowWidth(schema);
  return Object.fromEntries(
    schema.fields.map((field) => {
      const value = decodeField(field, rows.subarray(at, at + SLOTS[field.kind]));
      at += SLOTS[field.kind];
      return [field.name, value];
    }),
  );
}

function decodeField(field: Field, [first = NaN, second = NaN]: Float32Array): unknown {
  if (Number.isNaN(first)) return null;
  switch (field.kind) {
    case 'number':
      return first;
    case 'boolean':
      return first !== 0;
    case 'category':
      return field.levels[first] ?? '(unseen level)';
    case 'timestamp':
      return `${WEEKDAYS[second] ?? ''} ${clockTime(first)}`.trim();
  }
}

function clockTime(secondOfDay: number): string {
  const parts = [secondOfDay / 3600, (secondOfDay / 60) % 60, secondOfDay % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
}
