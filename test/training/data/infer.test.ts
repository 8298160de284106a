import { describe, expect, it } from '@jest/globals';
import { inferSchema } from '../../../src/training/data/infer.ts';
import { parseSchemaFile, readSchemaFile, type SchemaOverrides } from '../../../src/training/data/schema-overrides.ts';
import { SHARED_DATA, toNdjson, useDataFolder } from '../../support/data-files.ts';
import { needs } from '../../support/needs.ts';

const files = useDataFolder();
let number = 0;

async function infer(select: string, overrides: SchemaOverrides = {}, exclude: readonly string[] = []) {
  const path = await files.writeParquet(`infer-${number++}.parquet`, select);
  return inferSchema(await files.open({ data: [path], exclude }), { overrides });
}

describe('an inferred schema', () => {
  it('knows numbers, booleans, categories and timestamps by their types, and what is missing', async () => {
    const { schema, warnings } = await infer(`
      SELECT i * 3 AS whole, i / 7 AS real, CAST(i / 10 AS DECIMAL(10, 3)) AS decimal, i * 2.0::DOUBLE AS even, CAST(i * 5 AS HUGEINT) AS huge,
        i % 2 = 0 AS flag, ['b', 'a', 'b', 'c'][i % 4 + 1] AS text, CAST(['x', 'y'][i % 2 + 1] AS ENUM('y', 'x')) AS enum,
        TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS at, DATE '2024-01-01' + i::INTEGER AS day,
        CASE WHEN i % 5 > 0 THEN i * 3 END AS sparse, CASE WHEN i % 5 = 0 THEN 'NaN'::DOUBLE ELSE i / 3 END AS nan,
        CASE i % 3 WHEN 0 THEN 'Infinity'::DOUBLE WHEN 1 THEN 2.5 ELSE 1.5 END AS infinite,
        CASE WHEN i % 5 > 0 THEN 'once' END AS present, CASE WHEN i % 9 = 0 THEN 4 END AS maybe
      FROM range(40) t(i)`);
    expect(warnings).toEqual([]);
    expect(schema.excluded).toEqual([]);
    expect(schema.fields).toEqual([
      { name: 'whole', kind: 'number', missing: false, integer: true },
      { name: 'real', kind: 'number', missing: false, integer: false },
      { name: 'decimal', kind: 'number', missing: false, integer: false },
      { name: 'even', kind: 'number', missing: false, integer: true },
      { name: 'huge', kind: 'number', missing: false, integer: true },
      { name: 'flag', kind: 'boolean', missing: false },
      { name: 'text', kind: 'category', missing: false, levels: ['b', 'a', 'c'] },
      { name: 'enum', kind: 'category', missing: false, levels: ['x', 'y'] },
      { name: 'at', kind: 'timestamp', missing: false },
      { name: 'day', kind: 'timestamp', missing: false },
      { name: 'sparse', kind: 'number', missing: true, integer: true },
      { name: 'nan', kind: 'number', missing: true, integer: false },
      { name: 'infinite', kind: 'number', missing: false, integer: false },
      { name: 'present', kind: 'category', missing: true, levels: ['once'] },
      { name: 'maybe', kind: 'number', missing: true, integer: true },
    ]);
  });

  it('leaves out what cannot teach anything, with the reason', async () => {
    const { schema } = await infer(
      `SELECT i % 3 AS kept, 5 AS five, true AS always, 'x' AS same, DATE '2024-01-01' AS today, NULL::DOUBLE AS void, NULL::VARCHAR AS nil,
        'Infinity'::DOUBLE AS endless, i AS row_id, 'u' || i AS name, gen_random_uuid() AS uuid, [i] AS list, {'a': i} AS struct, 'x'::BLOB AS blob,
        TIME '10:00:00' AS clock, i AS secret
      FROM range(201) t(i)`,
      {},
      ['secret'],
    );
    expect(schema.fields.map(({ name }) => name)).toEqual(['kept']);
    expect(Object.fromEntries(schema.excluded.map(({ name, reason }) => [name, reason]))).toEqual({
      secret: 'excluded on request',
      five: 'constant',
      always: 'constant',
      same: 'constant',
      today: 'constant',
      void: 'has no values',
      nil: 'has no values',
      endless: 'has no finite value',
      row_id: 'counts the rows',
      name: 'looks like an identifier (201 levels in 201 rows)',
      uuid: 'looks like an identifier (201 levels in 201 rows)',
      list: 'type BIGINT[] is not supported',
      struct: 'type STRUCT(a BIGINT) is not supported',
      blob: 'type BLOB is not supported; if it holds images, give --image-column blob',
      clock: 'type TIME is not supported',
    });
  });

  it('takes up to a hundred levels, or half the rows, for a category, and keeps the 256 most frequent', async () => {
    const { schema, warnings } = await infer(
      `SELECT 'l' || (i % 100) AS hundred, 'l' || (i % 300) AS half, 'l' || (i % 301) AS more, CASE WHEN i < 10 THEN 'often' ELSE 'l' || (i % 290) END AS top FROM range(600) t(i)`,
    );
    const levels = Object.fromEntries(
      schema.fields.map((field) => [field.name, field.kind === 'category' ? field.levels : []]),
    );
    expect(levels['hundred']).toHaveLength(100);
    expect(levels['half']).toHaveLength(256);
    expect(levels['top']!.slice(0, 3)).toEqual(['often', 'l10', 'l11']);
    expect(schema.excluded).toEqual([{ name: 'more', reason: 'looks like an identifier (301 levels in 600 rows)' }]);
    expect(warnings[0]).toBe('column half has 300 levels: the 256 most frequent are kept, the others count as unseen');
  });

  it('says of a column of text that most of it is numbers, and what is none', async () => {
    const { schema, warnings } = await infer(
      `SELECT CASE WHEN i % 10 = 0 THEN 'NA' ELSE (i % 7)::VARCHAR END AS gaps, CASE WHEN i = 5 THEN repeat('o', 50) ELSE (i / 3)::VARCHAR END AS many, replace((i / 8)::VARCHAR, '.', ',') AS commas, CASE WHEN i % 3 = 0 THEN '1' ELSE 'word' END AS words FROM range(600) t(i)`,
    );
    expect(schema.fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['gaps', 'category'],
      ['words', 'category'],
    ]);
    expect(warnings).toEqual([
      'column gaps is taken for levels of a category, but 90 % of its values are numbers, and "NA" is none: leave such cells empty, and it is read as numbers',
    ]);
    expect(schema.excluded.map(({ reason }) => reason.replace(/\(".*"\)/, '(...)'))).toEqual([
      `looks like an identifier (600 levels in 600 rows), but 99 % of its values are numbers, and "${'o'.repeat(40)}..." is none: leave such cells empty, and it is read as numbers`,
      'looks like an identifier (600 levels in 600 rows), but its numbers have a decimal comma (...): write a point',
    ]);
  });

  it('says of numbers with commas what these may be', async () => {
    const { schema } = await infer(
      `SELECT i % 7 AS fine, CASE WHEN i % 2 = 0 THEN '950.' || i ELSE i || ',250' END AS either, CASE WHEN i % 2 = 0 THEN i::VARCHAR ELSE i || ',250,000.5' END AS thousands, i || ',' || (i % 90 + 10) AS decimal FROM range(100, 400) t(i)`,
    );
    const counts = 'looks like an identifier (300 levels in 300 rows), but its numbers have';
    expect(schema.excluded.map(({ name, reason }) => [name, reason])).toEqual([
      [
        'either',
        `${counts} a comma ("101,250"): write a point where it is the decimal one, or take it out where it stands between thousands`,
      ],
      ['thousands', `${counts} commas between thousands ("101,250,000.5"): take them out`],
      ['decimal', `${counts} a decimal comma ("100,20"): write a point`],
    ]);
  });

  it('reads mixed JSON fields by what they hold', async () => {
    const records = [
      { n: 1, s: 'a', b: true, o: { x: 1 }, none: null },
      { n: 'NaN', s: 5, b: 'true', o: 'flat', none: null },
      { n: 2.5, s: 'a', b: false, o: [1], none: null },
    ];
    const table = await files.open({ data: [await files.write('mixed.ndjson', toNdjson(records))] });
    const { schema } = await inferSchema(table);
    expect(schema.fields).toEqual([
      { name: 'n', kind: 'number', missing: true, integer: false },
      { name: 's', kind: 'category', missing: false, levels: ['a', '5'] },
      { name: 'b', kind: 'category', missing: false, levels: ['true', 'false'] },
    ]);
    expect(schema.excluded).toEqual([
      { name: 'o', reason: 'nested JSON is not supported' },
      { name: 'none', reason: 'has no values' },
    ]);
  });

  it('follows what a person says', async () => {
    const { schema } = await infer(
      "SELECT i AS row_id, 80 + i % 3 AS port, i % 2 AS flag, 1700000000000 + i * 60000 AS at, 'u' || i AS name, 5 AS five, '1.5' AS text, i % 4 AS gone FROM range(300) t(i)",
      {
        row_id: 'number',
        port: 'category',
        flag: 'boolean',
        at: 'timestamp',
        name: 'category',
        five: 'number',
        text: 'number',
        gone: 'exclude',
      },
    );
    expect(schema.fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'row_id number',
      'port category',
      'flag boolean',
      'at timestamp',
      'name category',
      'five number',
      'text number',
    ]);
    expect(schema.excluded).toEqual([{ name: 'gone', reason: 'excluded by the schema file' }]);
  });

  it('warns of labels and of numbers too fine for float32', async () => {
    const { warnings } = await infer(
      'SELECT i % 2 AS label, i % 3 AS is_fraud, 1700000000 + i * 2 AS epoch, i * 7 AS fine FROM range(500) t(i)',
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^column label looks like a label: pass --exclude label/),
      expect.stringMatching(/^column is_fraud looks like a label/),
      expect.stringMatching(
        /^column epoch holds numbers around 1\.70e\+9 that differ by 998 at most, where float32 keeps steps of 1\.3e\+2/,
      ),
    ]);
  });

  it.each([
    ['no column is left', 'SELECT 5 AS five', {}, 'no column is left to learn from: five (constant)'],
    [
      'an override of no column',
      'SELECT i AS port FROM range(3) t(i)',
      { prot: 'category' },
      'names "prot", which is no column of the data. Did you mean "port"?',
    ],
    [
      'text forced to be a number',
      "SELECT ['1', 'one'][i + 1] AS n FROM range(2) t(i)",
      { n: 'number' },
      'column "n" holds "one", not a number',
    ],
    ['a number forced to be a flag', 'SELECT i AS n FROM range(4) t(i)', { n: 'boolean' }, 'not true, false, 0 or 1'],
  ] as const)('is refused when %s', async (_, select, overrides, message) => {
    await expect(infer(select, overrides)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('is refused when a column can never be what it is said to be', async () => {
    await expect(infer('SELECT [i] AS n FROM range(4) t(i)', { n: 'number' })).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    });
  });
});

describe('a schema file', () => {
  it('says what columns are', async () => {
    const path = await files.write('schema.json', '{"fields": {"port": "category", "id": "exclude"}}');
    expect(await readSchemaFile(path)).toEqual({
      fields: { port: 'category', id: 'exclude' },
      condition: [],
    });
  });

  it('may name conditions, with or without kinds', async () => {
    const path = await files.write('schema.json', '{"condition": ["site", "type"]}');
    expect(await readSchemaFile(path)).toEqual({ fields: {}, condition: ['site', 'type'] });
  });

  it.each([
    [{ fields: { port: 'text' } }, /fields\.port: .*Write it like/],
    [{ columns: {} }, /Write it like \{"fields"/],
    [[], /the whole:/],
    [{ fields: {}, more: 1 }, /more/],
  ])('is refused when it is %j', (value, message) => {
    expect(() => parseSchemaFile(value, 'schema.json')).toThrow(message);
  });

  it('is refused when it is absent or no JSON', async () => {
    await expect(readSchemaFile(files.path('absent.json'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(readSchemaFile(await files.write('bad.json', '{'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/bad\.json is not JSON/) as unknown,
    });
  });
});

needs('shared').describe('shared data', () => {
  it('NSL-KDD: three categories, and its constant columns left out', async () => {
    const { schema } = await inferSchema(await files.open({ data: [`${SHARED_DATA}/nsl-kdd/normal.parquet`] }));
    expect(schema.fields.filter(({ kind }) => kind === 'category').map(({ name }) => name)).toEqual([
      'protocol_type',
      'service',
      'flag',
    ]);
    expect(schema.excluded.map(({ name }) => name)).toEqual([
      'wrong_fragment',
      'urgent',
      'num_outbound_cmds',
      'is_host_login',
    ]);
  });
});
