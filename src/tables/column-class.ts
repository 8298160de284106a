/**
 * What a DuckDB type is to us: types of one class are read by the same SQL.
 *
 * | class    | types                                                                                          |
 * |----------|------------------------------------------------------------------------------------------------|
 * | integer  | TINYINT .. BIGINT and their unsigned forms                                                     |
 * | float    | FLOAT                                                                                          |
 * | double   | DOUBLE                                                                                         |
 * | decimal  | DECIMAL of at most 15 digits, which a double holds exactly                                     |
 * | wide     | wider DECIMAL, HUGEINT, UHUGEINT: rounded once, through their text                             |
 * | boolean  | BOOLEAN                                                                                        |
 * | text     | VARCHAR, ENUM, UUID; also a column of nothing but nulls                                        |
 * | json     | JSON: what DuckDB makes of an NDJSON field that holds different types in different records     |
 * | temporal | DATE and every TIMESTAMP, with and without zone                                                |
 * | other    | TIME, INTERVAL, BLOB, BIT, LIST, ARRAY, STRUCT, MAP, UNION: not supported, named when excluded |
 */
export type ColumnClass =
  'integer' | 'float' | 'double' | 'decimal' | 'wide' | 'boolean' | 'text' | 'json' | 'temporal' | 'other';

export interface Column {
  readonly name: string;
  /** As DuckDB writes it: `BIGINT`, `DECIMAL(18,3)`, `ENUM('a', 'b')`. */
  readonly type: string;
}

const CLASSES: readonly (readonly [RegExp, ColumnClass])[] = [
  [/\]$/, 'other'],
  [/^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/, 'integer'],
  [/^FLOAT$/, 'float'],
  [/^DOUBLE$/, 'double'],
  [/^DECIMAL\(([1-9]|1[0-5]),\d+\)$/, 'decimal'],
  [/^(DECIMAL\(\d+,\d+\)|U?HUGEINT)$/, 'wide'],
  [/^BOOLEAN$/, 'boolean'],
  [/^(VARCHAR|UUID|"NULL"|ENUM\(.*\))$/s, 'text'],
  [/^JSON$/, 'json'],
  [/^(DATE|TIMESTAMP(_S|_MS|_NS| WITH TIME ZONE)?)$/, 'temporal'],
];

export function columnClass(type: string): ColumnClass {
  return CLASSES.find(([pattern]) => pattern.test(type))?.[1] ?? 'other';
}
