import type { RawRecord } from '../../../scoring/detector.ts';

/** A record as text, field by field, bounded in every direction: what a sender sends must not be able to flood a page. */
export interface ShownRecord {
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Fields that were left out. */
  readonly more: number;
}

const MAX_FIELDS = 24;
const MAX_CHARACTERS = 120;

export function toShownRecord(record: RawRecord): ShownRecord {
  const entries = Object.entries(record);
  const fields = entries.slice(0, MAX_FIELDS).map(([name, value]) => [cutText(name), cutText(toText(value))] as const);
  return { fields, more: entries.length - fields.length };
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return 'missing';
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return `${value.length.toLocaleString('en')} bytes`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}

/** A text that is not longer than a page can show. */
export function cutText(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text;
}
