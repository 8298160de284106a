import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { messageOf } from '../../../src/base/errors.ts';
import { encodeRecords, type RawRecord } from '../../../src/models/features/encode.ts';
import { textColumns } from '../../../src/models/features/match-columns.ts';
import { rawRowBatches, type RawRowOptions } from '../../../src/models/features/raw-rows.ts';
import type { FeatureSchema, Field } from '../../../src/models/features/schema.ts';
import type { Table } from '../../../src/tables/table.ts';
import { toNdjson, useDataFolder } from '../../support/data-files.ts';

const files = useDataFolder();
const LEVELS = ['a', "it's", '', '5', '0.1', 'true', 'null', 'ü"\n'];
const schema: FeatureSchema = {
  fields: [
    { name: 'whole', kind: 'number', missing: true, integer: true },
    { name: 'real "x"', kind: 'number', missing: true, integer: false },
    { name: 'flag', kind: 'boolean', missing: true },
    { name: 'text', kind: 'category', missing: true, levels: LEVELS },
    { name: 'code', kind: 'category', missing: true, levels: ['5', '-1', '0', '900719925474099100'] },
    { name: 'ratio', kind: 'category', missing: true, levels: ['0.1', '5', '0', '1e+21', '1e-7', 'Infinity'] },
    { name: 'sure', kind: 'category', missing: true, levels: ['true', 'false'] },
    { name: 'at', kind: 'timestamp', missing: true },
  ],
  excluded: [],
};

async function readAll(table: Table, of: FeatureSchema, options?: RawRowOptions): Promise<Float32Array> {
  const parts: number[] = [];
  for await (const { rows } of rawRowBatches(table, of, options)) parts.push(...rows);
  return Float32Array.from(parts);
}

/** Bits, so that NaN equals NaN, and 0 does not equal -0. */
const bits = (rows: Float32Array) => [...new Uint32Array(rows.buffer, rows.byteOffset, rows.length)];
const one = (field: Field): FeatureSchema => ({ fields: [field], excluded: [] });

/** A mixed field of JSON, where SQL and JavaScript write numbers alike. */
const isPlain = (value: number) =>
  value === 0 || !Number.isFinite(value) || (Math.abs(value) > 1e-4 && Math.abs(value) < 1e16);

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 8 });
const record = fc.record({
  whole: orNull(fc.maxSafeInteger()),
  'real "x"': orNull(fc.double()),
  flag: orNull(fc.boolean()),
  text: orNull(
    fc.oneof(
      fc.constantFrom(...LEVELS),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[\0\ud800-\udfff]/gu, '')),
    ),
  ),
  code: orNull(fc.constantFrom(5, -1, 0, 7)),
  ratio: orNull(fc.oneof(fc.double(), fc.constantFrom(0.1, 5, -0, 1e21, 1e-7, Infinity))),
  sure: orNull(fc.boolean()),
  at: orNull(fc.date({ noInvalidDate: true, min: new Date('1800-01-01'), max: new Date('2200-01-01') })),
});

const event = record.filter(({ ratio }) => ratio === null || isPlain(ratio));

/** A value as SQL, of a type that holds all of it. */
function toSql(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Date) return `epoch_ms(${value.getTime()})`;
  if (typeof value === 'number' && Object.is(value, -0)) return "'-0.0'::DOUBLE";
  return typeof value === 'number' ? `'${value}'::DOUBLE` : JSON.stringify(value);
}

/** JSON writes no infinities and no NaN; a Date as ISO 8601. */
function toJsonValue(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function toJsonRecord(values: RawRecord): RawRecord {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toJsonValue(value)]));
}

const PARQUET_TYPES = ['BIGINT', 'DOUBLE', 'BOOLEAN', 'VARCHAR', 'BIGINT', 'DOUBLE', 'BOOLEAN', 'TIMESTAMP'];

function parquetSelect(records: readonly RawRecord[]): string {
  const columns = schema.fields.map(
    ({ name }, index) => `CAST(c${index} AS ${PARQUET_TYPES[index]!}) AS "${name.replaceAll('"', '""')}"`,
  );
  const rows = records.map((values) => `(${schema.fields.map(({ name }) => toSql(values[name])).join(', ')})`);
  return `SELECT ${columns.join(', ')} FROM (VALUES ${rows.join(', ')}) t(${columns.map((_, index) => `c${index}`).join(', ')})`;
}

describe('raw rows of a file', () => {
  it('are the encoded records bit for bit, from Parquet', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
        const path = await files.writeParquet(`records-${run++}.parquet`, parquetSelect(records));
        const table = await files.open({ data: [path] });
        expect(bits(await readAll(table, schema))).toEqual(bits(encodeRecords(schema, records)));
        await table.close();
      }),
      { numRuns: 25 },
    );
  });

  it('are the encoded records bit for bit, from NDJSON', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 20 }), async (records) => {
        const events = records.map(toJsonRecord);
        const path = await files.write(`events-${run++}.ndjson`, toNdjson(events));
        const table = await files.open({ data: [path], text: textColumns(schema) });
        const parsed = events.map((event) => JSON.parse(JSON.stringify(event)) as RawRecord);
        expect(bits(await readAll(table, schema))).toEqual(bits(encodeRecords(schema, parsed)));
        await table.close();
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['TINYINT', '7', 7],
    ['UBIGINT', '18446744073709551615', 18446744073709552000],
    ['BIGINT', '9007199254740993', 9007199254740992],
    ['HUGEINT', '36893488147419103233', 36893488147419103000],
    ['FLOAT', '0.1', 0.1],
    ['DECIMAL(4,1)', '0.1', 0.1],
    ['DECIMAL(30,10)', '12345678901234567.0123456789', 12345678901234568],
    ['VARCHAR', "' 1e3 '", 1000],
    ['VARCHAR', "'Infinity'", Infinity],
    ['JSON', `'"NaN"'`, NaN],
  ])('reads %s %s as the number %p', async (type, sql, expected) => {
    const path = await files.writeParquet('number.parquet', `SELECT CAST(${sql} AS ${type}) AS x`);
    const table = await files.open({ data: [path] });
    const rows = await readAll(table, one({ name: 'x', kind: 'number', missing: false, integer: false }));
    expect([...rows]).toEqual([Math.fround(expected)]);
  });

  it.each([
    ['DATE', "'2024-05-31'", [0, 4]],
    ['TIMESTAMP_NS', "'2024-05-31 00:00:10.999999999'", [10, 4]],
    ['TIMESTAMP_S', "'1969-12-31 23:59:59'", [86_399, 2]],
    ['TIMESTAMP WITH TIME ZONE', "'2024-06-01 01:00:00+02:00'", [82_800, 4]],
    ['VARCHAR', "'2024-06-01T01:00+02:00'", [82_800, 4]],
    ['VARCHAR', "'2024-06-01 01:00'", [3_600, 5]],
    ['BIGINT', '-1', [86_399, 2]],
    ['DOUBLE', "'Infinity'", [NaN, NaN]],
    ['TIMESTAMP', "'infinity'", [NaN, NaN]],
  ])('reads %s %s as the timestamp %p', async (type, sql, expected) => {
    const path = await files.writeParquet('time.parquet', `SELECT CAST(${sql} AS ${type}) AS x`);
    const table = await files.open({ data: [path] });
    expect([...(await readAll(table, one({ name: 'x', kind: 'timestamp', missing: false })))]).toEqual(expected);
  });

  it.each([
    ["ENUM('b', 'a')", "'a'", 0],
    ['UUID', "'7f9c24e5-2d0a-4a9b-8a38-0123456789ab'", 2],
    ['DATE', "'2024-05-31'", 1],
    ['FLOAT', '0.1', 3],
    ['DECIMAL(5,2)', '0.10', 3],
    ['DOUBLE', '5.0', 4],
    ['INTEGER', '5', 4],
    ['BOOLEAN', 'true', 5],
    ['JSON', "'5.0'", 4],
    ['JSON', `'"a"'`, 0],
  ])('reads %s %s as level %p', async (type, sql, expected) => {
    const levels = ['a', '2024-05-31', '7f9c24e5-2d0a-4a9b-8a38-0123456789ab', '0.1', '5', 'true'];
    const path = await files.writeParquet('level.parquet', `SELECT CAST(${sql} AS ${type}) AS x`);
    const table = await files.open({ data: [path] });
    expect([...(await readAll(table, one({ name: 'x', kind: 'category', missing: false, levels })))]).toEqual([
      expected,
    ]);
  });

  it('come in batches of the size asked for, in order, with columns beside them', async () => {
    const path = await files.writeParquet(
      'long.parquet',
      'SELECT i AS x, i % 2 = 0 AS even, CASE WHEN i < 3 THEN i / 2 END AS half FROM range(10000) t(i)',
    );
    const table = await files.open({ data: [path] });
    const x = one({ name: 'x', kind: 'number', missing: false, integer: true });
    const seen: [number, number, number, string | null, string | null][] = [];
    for await (const { rows, count, firstRow, beside } of rawRowBatches(table, x, {
      rowsPerBatch: 3000,
      beside: ['even', 'half'],
    })) {
      expect(beside['even']).toHaveLength(count);
      seen.push([firstRow, count, rows[0]!, beside['even']![1]!, beside['half']![1]!]);
    }
    expect(seen).toEqual([
      [0, 3000, 0, 'false', '0.5'],
      [3000, 3000, 3000, 'false', null],
      [6000, 3000, 6000, 'false', null],
      [9000, 1000, 9000, 'false', null],
    ]);
    expect(await readAll(table, x, { rowsPerBatch: 7 })).toEqual(await readAll(table, x));
  });
});

describe('a file that does not fit the model', () => {
  const amount = one({ name: 'amount', kind: 'number', missing: false, integer: false });
  const read = async (name: string, content: string, of = amount) =>
    readAll(await files.open({ data: [await files.write(name, content)] }), of);

  it('names every absent column', async () => {
    await expect(read('absent.csv', 'amout,b\n1,2\n')).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message:
        'the data lacks columns that the model needs: "amount". Did you mean "amout"? Add them, with nulls where values are missing',
    });
    await expect(read('none.csv', 'b\n2\n', schema)).rejects.toThrow(
      /"whole", "real \\"x\\"", "flag".* There are: b\./,
    );
  });

  it.each([
    [
      'flag.csv',
      'amount\ntrue\n',
      'column "amount" is BOOLEAN, which cannot be read as a number: convert it in the data',
      'SCHEMA_MISMATCH',
    ],
    [
      'text.csv',
      'amount\n1\nN/A\n',
      'row 2 of text.csv: column "amount" holds "N/A", not a number: write one, or leave it empty (null) where it is missing',
      'INVALID_INPUT',
    ],
    [
      'late.csv',
      `amount\n${'1\n'.repeat(5000)}"it's"\n`,
      `row 5,001 of late.csv: column "amount" holds "it's", not a number: write one, or leave it empty (null) where it is missing`,
      'INVALID_INPUT',
    ],
  ])('names the column, its value and its row: %s', async (name, content, message, code) => {
    const error: unknown = await read(name, content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(messageOf(error).replace(/of \/\S*\//, 'of ')).toBe(message);
  });

  it('names the first of many rows that do not fit, and its value, among those of all files', async () => {
    const bad = Array.from({ length: 200_000 }, (_, row) => (row < 150_000 ? '1' : `x${row}`)).join('\n');
    const data = [await files.write('one.csv', 'amount\n1\n2\n'), await files.write('many.csv', `amount\n${bad}\n`)];
    const table = await files.open({ data, text: ['amount'] });
    await expect(readAll(table, amount)).rejects.toThrow(
      /^row 150,001 of .*many\.csv: column "amount" holds "x150000", not a number/,
    );
  });

  it('names the row of the rows that are read, where a condition leaves rows out', async () => {
    const data = [await files.write('some.csv', 'amount,kept\n1,1\nbad,0\n2,1\nworse,1\n')];
    const table = await files.open({ data, text: ['amount'], where: 'kept = 1' });
    await expect(readAll(table, amount)).rejects.toThrow(/^row 3 of the rows that are read: .* holds "worse"/);
  });

  it('names the row whatever the columns are called', async () => {
    const data = [await files.write('names.csv', 'amount,n,missed\n1,7,8\n2,7,8\nbad,7,8\n')];
    const table = await files.open({ data, text: ['amount'] });
    await expect(readAll(table, amount)).rejects.toThrow(/^row 3 of .*names\.csv: column "amount" holds "bad"/);
  });

  it('names a flag and a time that are none', async () => {
    await expect(read('two.csv', 'x\n2\n', one({ name: 'x', kind: 'boolean', missing: false }))).rejects.toThrow(
      'column "x" holds "2.0", not true, false, 0 or 1',
    );
    await expect(read('when.csv', 'x\nsoon\n', one({ name: 'x', kind: 'timestamp', missing: false }))).rejects.toThrow(
      'column "x" holds "soon", not an ISO 8601 time',
    );
  });

  it('names a column beside that is not there', async () => {
    const table = await files.open({ data: [await files.write('beside.csv', 'amount,label\n1,0\n')] });
    await expect(readAll(table, amount, { beside: ['lable'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'the data has no column "lable". Did you mean "label"?',
    });
  });
});
