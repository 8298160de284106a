import { AristarchError } from '../../base/errors.ts';
import { nearNames } from '../../base/near-names.ts';
import { rowWidth, SLOTS, type CategoryField, type FeatureSchema, type Field, type FieldKind } from './schema.ts';
import { dayOfWeek, parseIso8601, secondOfDay } from './timestamp.ts';

/** A record as it comes from outside: named values, not yet checked. */
export type RawRecord = Readonly<Record<string, unknown>>;

/** Records -> raw rows, `records.length * rowWidth(schema)` values (schema.ts has the table). */
export type Encoder = (records: readonly RawRecord[]) => Float32Array;

/**
 * Compiles a schema to a function that turns records into raw rows; the same rows, bit for bit, that `raw-rows.ts` reads
 * from files with the same values.
 *
 * | in a record                     | becomes                                                                                        |
 * |---------------------------------|------------------------------------------------------------------------------------------------|
 * | no such field                   | `SCHEMA_MISMATCH`: null is how to say "missing"                                                |
 * | a field the schema does not know | ignored (`unknownFields` lists them)                                                          |
 * | null, undefined, NaN            | missing: NaN in every slot of the field                                                        |
 * | number field                    | number, bigint, and the strings "NaN", "Infinity", "-Infinity" that JSON needs; beyond float32 infinite |
 * | boolean field                   | true, false, 0, 1                                                                              |
 * | category field                  | string; numbers and booleans by their text (5, 0.1, true); a level never seen is its own level |
 * | timestamp field                 | ISO 8601 string (UTC where it has no zone), Date, milliseconds since 1970 as number or bigint   |
 * | anything else                   | `INVALID_INPUT`, naming record, field and value                                                |
 */
export function createEncoder(schema: FeatureSchema): Encoder {
  const width = rowWidth(schema);
  const writers = createWriters(schema);
  return (records) => {
    const rows = new Float32Array(records.length * width);
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!;
      if (typeof record !== 'object' || (record as unknown) === null || Array.isArray(record)) {
        throw notARecord(record, index);
      }
      for (const { name, offset, write } of writers) {
        const value = Object.hasOwn(record, name) ? record[name] : absent(record, index, name);
        if (!write(value, rows, index * width + offset)) throw invalidValue(schema, index, name, value);
      }
    }
    return rows;
  };
}

/** `createEncoder` for one call. */
export function encodeRecords(schema: FeatureSchema, records: readonly RawRecord[]): Float32Array {
  return createEncoder(schema)(records);
}

/** Fields of a record that the model does not look at, neither by choice nor by exclusion. */
export function unknownFields(schema: FeatureSchema, record: RawRecord): string[] {
  const image = schema.image ? [schema.image] : [];
  const known = new Set([...schema.fields, ...image, ...schema.excluded].map(({ name }) => name));
  return Object.keys(record).filter((name) => !known.has(name));
}

/** Writes a field's slots at `at`; false when the value does not fit the field. */
type Write = (value: unknown, rows: Float32Array, at: number) => boolean;

export interface Writer {
  readonly name: string;
  readonly offset: number;
  readonly kind: FieldKind;
  readonly write: Write;
}

/** What writes each field, in the order of the schema, `offset` behind the beginning of its row. */
export function createWriters(schema: FeatureSchema): Writer[] {
  let offset = 0;
  return schema.fields.map((field) => {
    const writer = { name: field.name, offset, kind: field.kind, write: createWrite(field) };
    offset += SLOTS[field.kind];
    return writer;
  });
}

function createWrite(field: Field): Write {
  switch (field.kind) {
    case 'number':
      return writeNumber;
    case 'boolean':
      return writeBoolean;
    case 'category':
      return createWriteCategory(field);
    case 'timestamp':
      return writeTimestamp;
  }
}

/** Numbers that JSON cannot write. */
const JSON_NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

const writeNumber: Write = (value, rows, at) => {
  const number = typeof value === 'number' ? value : toNumber(value);
  if (number === undefined) return false;
  rows[at] = number;
  return true;
};

function toNumber(value: unknown): number | undefined {
  if (value === null || value === undefined) return NaN;
  if (typeof value === 'bigint') return Number(value);
  return JSON_NUMBERS.get(value);
}

const writeBoolean: Write = (value, rows, at) => {
  const flag = toFlag(value);
  if (flag === undefined) return false;
  rows[at] = flag;
  return true;
};

function toFlag(value: unknown): number | undefined {
  if (isMissing(value)) return NaN;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value === 0 || value === 1 || value === 0n || value === 1n ? Math.abs(Number(value)) : undefined;
}

function createWriteCategory({ levels }: CategoryField): Write {
  const indices = createLevelIndex(levels);
  return (value, rows, at) => {
    if (isMissing(value)) rows[at] = NaN;
    else if (typeof value === 'string') rows[at] = indices.get(value) ?? levels.length;
    else if (isScalar(value)) rows[at] = indices.get(levelText(value)) ?? levels.length;
    else return false;
    return true;
  };
}

const writeTimestamp: Write = (value, rows, at) => {
  const seconds = toEpochSeconds(value);
  if (seconds === undefined) return false;
  rows[at] = secondOfDay(seconds);
  rows[at + 1] = dayOfWeek(seconds);
  return true;
};

/** Whole seconds since 1970, NaN where missing. */
function toEpochSeconds(value: unknown): number | undefined {
  if (isMissing(value)) return NaN;
  if (typeof value === 'string') return parseIso8601(value);
  if (typeof value === 'number' || typeof value === 'bigint') return Math.floor(Number(value) / 1000);
  const milliseconds = value instanceof Date ? value.getTime() : NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value);
}

function isScalar(value: unknown): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

/** The one text form of values that are not text: 5 (also for 5.0 and -0 as 0), 0.1, 1e+21, true. */
export function levelText(value: number | bigint | boolean): string {
  return String(value);
}

export function createLevelIndex(levels: readonly string[]): ReadonlyMap<string, number> {
  return new Map(levels.map((level, index) => [level, index]));
}

const EXPECTED: { readonly [K in FieldKind]: string } = {
  number:
    'a number, or null for a missing one ("NaN", "Infinity" and "-Infinity" are the only strings that count as numbers)',
  boolean: 'true, false, 0, 1 or null',
  category: 'a string, a number, a boolean or null',
  timestamp: 'an ISO 8601 string such as "2024-05-31T12:00:00Z", milliseconds since 1970, or null',
};

function absent(record: RawRecord, index: number, name: string): never {
  const [near] = nearNames(name, Object.keys(record), 1);
  const hint = near === undefined ? '' : ` (it has ${JSON.stringify(near)})`;
  const message = `record ${index} has no field "${name}"${hint}; send null if its value is missing`;
  throw new AristarchError('SCHEMA_MISMATCH', message, { record: index, field: name });
}

function invalidValue(schema: FeatureSchema, index: number, name: string, value: unknown): AristarchError {
  const { kind } = schema.fields.find((field) => field.name === name)!;
  const message = `record ${index}: ${showValue(value)} cannot be the ${kind} "${name}"; send ${EXPECTED[kind]}`;
  return new AristarchError('INVALID_INPUT', message, { record: index, field: name });
}

function notARecord(record: unknown, index: number): AristarchError {
  const message = `record ${index} is ${showValue(record)}: send an object with named fields`;
  return new AristarchError('INVALID_INPUT', message, { record: index });
}

/** A value short enough for a message. */
function showValue(value: unknown): string {
  // As JSON it would be null, which is what the message tells to send.
  if (value instanceof Date && Number.isNaN(value.getTime())) return 'a time that no calendar has';
  const text = typeof value === 'bigint' ? String(value) : (toJson(value) ?? typeof value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
