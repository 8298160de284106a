import type { Field, FieldKind } from '../models/features/schema.ts';

/** A field of a row beside what would be normal. */
export interface FieldFact {
  readonly field: Field;
  /** As `decodeRow` gives it; null where missing. */
  readonly value: unknown;
  readonly normal: unknown;
  /** What the caller sent for the field, if that is known. */
  readonly given: unknown;
}

export interface FieldText {
  /** For people: `duration 9,200; normal would be about 12`. */
  readonly sentence: string;
  /** The value under the name that the caller gave it. */
  readonly value: unknown;
}

/** Digits of a normal value: it is about so much. */
const DIGITS = 3;
const MOST_DIGITS = 9;
/** From here on, and below the inverse, numbers are written with a power of ten. */
const LONG = 1e9;

export function describeContribution(fact: FieldFact): FieldText {
  const { field, normal } = fact;
  const value = givenValue(fact) ?? fact.value;
  const digits = digitsToTell(value, normal);
  const show = SHOW[field.kind];
  const was = value === null ? 'is missing' : show(value, Math.max(digits, 6));
  const remark = isUnseen(fact) ? ', never seen in training' : '';
  const wanted = normal === null ? 'missing' : show(normal, digits);
  const about = field.kind === 'number' && normal !== null ? 'about ' : '';
  return { sentence: `${field.name} ${was}${remark}; normal would be ${about}${wanted}`, value };
}

/** What was sent, where the model's own row says less: a level that it does not know, a number beyond its floats. */
function givenValue(fact: FieldFact): unknown {
  const { field, value, given } = fact;
  if (isUnseen(fact)) return typeof given === 'string' ? given : undefined;
  const isBeyond = field.kind === 'number' && typeof value === 'number' && !Number.isFinite(value);
  return isBeyond && typeof given === 'number' ? given : undefined;
}

function isUnseen({ field, value }: FieldFact): boolean {
  return field.kind === 'category' && typeof value === 'string' && !field.levels.includes(value);
}

/** As many digits as it takes to tell the two numbers apart. */
function digitsToTell(value: unknown, normal: unknown): number {
  if (typeof value !== 'number' || typeof normal !== 'number') return DIGITS;
  let digits = DIGITS;
  while (digits < MOST_DIGITS && showNumber(value, digits) === showNumber(normal, digits)) digits++;
  return digits;
}

const SHOW: { readonly [K in FieldKind]: (value: unknown, digits: number) => string } = {
  number: (value, digits) => showNumber(Number(value), digits),
  boolean: (value) => (value === true ? 'yes' : 'no'),
  category: (value) => JSON.stringify(value),
  timestamp: (value) => String(value),
};

function showNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : 'minus infinite';
  const size = Math.abs(value);
  if (size !== 0 && (size >= LONG || size < 1 / LONG)) return value.toExponential(digits - 1);
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits }).format(value);
}
