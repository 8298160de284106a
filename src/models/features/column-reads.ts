import { columnClass, type Column, type ColumnClass } from '../../tables/column-class.ts';
import { VALUE_FAULT } from '../../tables/duckdb-faults.ts';
import { quoteName, quoteText } from '../../tables/sql.ts';
import type { FieldKind } from './schema.ts';

export type ValueKind = Exclude<FieldKind, 'category'>;
/** SQL of type FLOAT or DOUBLE without nulls, from a column's quoted name and its name for messages; null: does not fit. */
type Read = ((name: string, label: string) => string) | null;
type Reads = { readonly [C in ColumnClass]: Read };

const MISSING = "'NaN'::DOUBLE";
const orMissing = (sql: string): string => `coalesce(${sql}, ${MISSING})`;
const asDouble = (name: string): string => `CAST(${name} AS DOUBLE)`;
const asText = (name: string): string => `CAST(${name} AS VARCHAR)`;
/** Rounds once: the text of a wide number holds all its digits. */
const wideAsDouble = (name: string): string => asDouble(asText(name));
const jsonText = (name: string): string => `(${name} ->> '$')`;

/** Raises the message of a value that does not fit (`toReadError` takes it up); `text` is SQL for the value's text. */
const fault = (text: string, label: string, wanted: string): string =>
  asDouble(
    `error(${quoteText(`${VALUE_FAULT}column ${label} holds "`)} || ${text} || ${quoteText(`", not ${wanted}: write one, or leave it empty (null) where it is missing`)})`,
  );

const numberOfText = (text: string, label: string): string =>
  `CASE WHEN ${text} IS NULL THEN ${MISSING} ` +
  `WHEN TRY_CAST(${text} AS DOUBLE) IS NULL THEN ${fault(text, label, 'a number')} ELSE ${asDouble(text)} END`;

const FLAG = 'true, false, 0 or 1';
const flagOfNumber = (number: string, label: string): string =>
  `CASE WHEN ${number} IS NULL OR isnan(${number}) THEN ${MISSING} ` +
  `WHEN ${number} NOT IN (0, 1) THEN ${fault(asText(number), label, FLAG)} ELSE abs(${number}) END`;

const flagOfText = (text: string, label: string): string =>
  `CASE WHEN ${text} IS NULL THEN ${MISSING} WHEN lower(${text}) IN ('true', '1') THEN 1.0::DOUBLE ` +
  `WHEN lower(${text}) IN ('false', '0') THEN 0.0::DOUBLE ELSE ${fault(text, label, FLAG)} END`;

const secondsOfMilliseconds = (number: string): string => orMissing(`floor(${number} / 1000)`);

/** DuckDB reads ISO 8601 but for a zone straight after the minutes; ours (timestamp.ts) reads that too. */
const secondsOfText = (text: string, label: string): string => {
  const whole = `regexp_replace(${text}, '^(.{10}[T ]\\d\\d:\\d\\d)(Z|[+-].*)$', '\\1:00\\2')`;
  const time = `TRY_CAST(${whole} AS TIMESTAMPTZ)`;
  return (
    `CASE WHEN ${text} IS NULL THEN ${MISSING} ` +
    `WHEN ${time} IS NULL THEN ${fault(text, label, 'an ISO 8601 time')} ELSE floor(epoch(${time})) END`
  );
};

/**
 * How a column of each class is read as a number, a flag, or a time in whole seconds since 1970. The value is the one
 * that `encode.ts` gives for the same value in a record.
 */
const VALUE_READS: { readonly [K in ValueKind]: Reads } = {
  number: {
    integer: (name) => orMissing(asDouble(name)),
    float: (name) => `coalesce(${name}, 'NaN'::FLOAT)`,
    double: orMissing,
    decimal: (name) => orMissing(asDouble(name)),
    wide: (name) => orMissing(wideAsDouble(name)),
    boolean: null,
    text: (name, label) => numberOfText(asText(name), label),
    json: (name, label) => numberOfText(jsonText(name), label),
    temporal: null,
    other: null,
  },
  boolean: {
    integer: (name, label) => flagOfNumber(asDouble(name), label),
    float: (name, label) => flagOfNumber(asDouble(name), label),
    double: flagOfNumber,
    decimal: (name, label) => flagOfNumber(asDouble(name), label),
    wide: (name, label) => flagOfNumber(wideAsDouble(name), label),
    boolean: (name) => orMissing(asDouble(name)),
    text: (name, label) => flagOfText(asText(name), label),
    json: (name, label) => flagOfText(jsonText(name), label),
    temporal: null,
    other: null,
  },
  timestamp: {
    integer: (name) => secondsOfMilliseconds(asDouble(name)),
    float: (name) => secondsOfMilliseconds(asDouble(name)),
    double: secondsOfMilliseconds,
    decimal: (name) => secondsOfMilliseconds(asDouble(name)),
    wide: (name) => secondsOfMilliseconds(wideAsDouble(name)),
    boolean: null,
    text: (name, label) => secondsOfText(asText(name), label),
    json: (name, label) => secondsOfText(jsonText(name), label),
    temporal: (name) => orMissing(`floor(epoch(${name}))`),
    other: null,
  },
};

/**
 * SQL of a level of a category: text (null where missing), or, where SQL and JavaScript would write a number differently,
 * the number itself (NaN where missing), whose text is then `levelText` of it.
 */
export interface LevelRead {
  readonly form: 'text' | 'number';
  readonly sql: string;
}

const textLevel = (name: string): LevelRead => ({ form: 'text', sql: asText(name) });
const numberLevel = (sql: string): LevelRead => ({ form: 'number', sql: orMissing(sql) });
/** Numbers among the strings of a mixed JSON field: 5.0 is 5, as in JavaScript (which SQL matches from 1e-4 to 1e16). */
const jsonLevel = (name: string): LevelRead => ({
  form: 'text',
  sql:
    `CASE json_type(${name}) WHEN 'DOUBLE' THEN regexp_replace(${asText(asDouble(jsonText(name)))}, '\\.0$', '') ` +
    `ELSE ${jsonText(name)} END`,
});

const LEVEL_READS: { readonly [C in ColumnClass]: ((name: string) => LevelRead) | null } = {
  integer: textLevel,
  // 0.1 in a FLOAT column is the level 0.1, not 0.10000000149011612.
  float: (name) => numberLevel(wideAsDouble(name)),
  double: numberLevel,
  decimal: (name) => numberLevel(asDouble(name)),
  wide: (name) => numberLevel(wideAsDouble(name)),
  boolean: textLevel,
  text: textLevel,
  json: jsonLevel,
  temporal: textLevel,
  other: null,
};

/** SQL of a number, flag or time; undefined where the column can never be read as that kind. */
export function readValue(column: Column, kind: ValueKind): string | undefined {
  return VALUE_READS[kind][columnClass(column.type)]?.(quoteName(column.name), JSON.stringify(column.name));
}

export function readLevel(column: Column): LevelRead | undefined {
  return LEVEL_READS[columnClass(column.type)]?.(quoteName(column.name));
}
