import type { Value, Value__Output } from './contract/aristarch/v1/Value.ts';
import type { Record as WireRecord, Record__Output } from './contract/aristarch/v1/Record.ts';

/** A field's value. A date is a point in time; null is a missing value. */
export type FieldValue = number | string | boolean | Date | null;
/** A record: field names and values, all fields of the model among them. */
export type FieldValues = Readonly<Record<string, FieldValue>>;

/** Throws a `TypeError` that names the field for a value that the contract has no kind for. */
export function toWireRecord(record: FieldValues): WireRecord {
  return {
    fields: Object.fromEntries(Object.entries(record).map(([name, value]) => [name, toWireValue(name, value)])),
  };
}

function toWireValue(name: string, value: unknown): Value {
  if (value === null) return { null: 'NULL_VALUE' };
  if (typeof value === 'number') return { number: value };
  if (typeof value === 'string') return { text: value };
  if (typeof value === 'boolean') return { flag: value };
  if (value instanceof Date) return { timestampMs: toMilliseconds(name, value) };
  throw new TypeError(
    `field "${name}" is ${typeof value}: give a number, a text, a boolean, a date, or null for "missing"`,
  );
}

function toMilliseconds(name: string, date: Date): number {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError(`field "${name}" is an invalid date: give null for "missing"`);
  return milliseconds;
}

export function fromWireRecord({ fields }: Pick<Record__Output, 'fields'>): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fromWireValue(value)]));
}

export function fromWireValue(value: Value__Output): FieldValue {
  const { timestampMs } = value;
  if (timestampMs !== undefined) return new Date(timestampMs);
  return value.number ?? value.text ?? value.flag ?? null;
}
