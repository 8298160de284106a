import { mkdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { openTable } from '../../src/tables/table.ts';
import { allRows, SHARED_DATA, toNdjson, useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';

const files = useDataFolder();
const ROWS = [
  { a: 1n, b: 'x' },
  { a: 2n, b: 'y' },
];
const CSV = 'a,b\n1,x\n2,y\n';

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

describe('a table', () => {
  it.each([
    ['rows.csv', CSV],
    ['rows.tsv', CSV.replaceAll(',', '\t')],
    ['rows.csv.gz', gzipSync(CSV)],
    [
      'rows.ndjson',
      toNdjson([
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ]),
    ],
    [
      'rows.jsonl.gz',
      gzipSync(
        toNdjson([
          { a: 1, b: 'x' },
          { a: 2, b: 'y' },
        ]),
      ),
    ],
    [
      'rows.json',
      JSON.stringify([
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ]),
    ],
    ['ROWS.CSV', CSV],
  ])('reads %s', async (name, content) => {
    const path = await files.write(name, content);
    const table = await files.open({ data: [path] });
    expect(table.columns).toEqual([
      { name: 'a', type: 'BIGINT' },
      { name: 'b', type: 'VARCHAR' },
    ]);
    expect(await allRows(table)).toEqual(ROWS);
    expect(table).toMatchObject({ rowCount: 2, files: [path], excluded: [] });
  });

  it('reads wide JSON records as columns, not as one map', async () => {
    const record = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, index / 2]));
    const table = await files.open({ data: [await files.write('wide.ndjson', toNdjson([record, record]))] });
    expect(table.columns).toHaveLength(500);
  });

  it('reads Parquet', async () => {
    const path = await files.writeParquet(
      'rows.parquet',
      "VALUES (1::BIGINT, 'x'), (2, 'y')) t(a, b".replace(/^/, 'SELECT * FROM (') + ')',
    );
    expect(await allRows(await files.open({ data: [path] }))).toEqual(ROWS);
  });

  it('reads several files and formats in the order given, a glob in name order, absent columns as null', async () => {
    await files.write('part-2.csv', 'a\n2\n');
    await files.write('part-1.csv', 'a\n1\n');
    const other = await files.write('other.ndjson', '{"a": 9, "c": true}\n');
    const table = await files.open({ data: [other, files.path('part-*.csv')] });
    expect(await allRows(table)).toEqual([
      { a: 9n, c: true },
      { a: 1n, c: null },
      { a: 2n, c: null },
    ]);
    expect(table.files).toEqual([other, files.path('part-1.csv'), files.path('part-2.csv')]);
  });

  it('keeps what --where keeps and leaves out what --exclude names, which --where may use', async () => {
    const path = await files.write('labelled.csv', 'a,label\n1,0\n2,1\n3,0\n');
    const table = await files.open({ data: [path], where: 'label = 0', exclude: ['label'] });
    expect(await allRows(table)).toEqual([{ a: 1n }, { a: 3n }]);
    expect(table).toMatchObject({ rowCount: 2, excluded: ['label'] });
  });

  it.each([
    "it's.csv",
    "x'); DROP TABLE data; --.csv",
    'list[1].csv',
    'a{1,2}.csv',
    'what?.csv',
    'star*.csv',
    'two words "q".csv',
    'prozent%20.csv',
  ])('takes the path %s for a name and nothing else', async (name) => {
    const path = await files.write(name, CSV);
    expect(await allRows(await files.open({ data: [path] }))).toEqual(ROWS);
  });

  it('makes no column of a folder name', async () => {
    await mkdir(files.path('day=3'));
    const table = await files.open({ data: [await files.write('day=3/rows.csv', CSV)] });
    expect(table.columns.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads columns as text where it is told to', async () => {
    const csv = await files.write('zip.csv', 'zip,n\n01234,1\n');
    const json = await files.write('day.ndjson', '{"day": "2024-01-01", "n": 1}\n');
    expect(await allRows(await files.open({ data: [csv], text: ['zip', 'absent'] }))).toEqual([
      { zip: '01234', n: 1n },
    ]);
    expect(await allRows(await files.open({ data: [json], text: ['day', 'n'] }))).toEqual([
      { day: '2024-01-01', n: 1n },
    ]);
  });

  it('streams two results at once', async () => {
    const path = await files.writeParquet('long.parquet', 'SELECT i::DOUBLE AS x FROM range(10000) t(i)');
    const table = await files.open({ data: [path] });
    const [first, second] = [table.stream(['x']), table.stream(['-x'])];
    const sums = [0, 0];
    for (;;) {
      const [a, b] = [await first.next(), await second.next()];
      if (a.done === true || b.done === true) break;
      sums[0]! += sum(a.value.numbers(0));
      sums[1]! += sum(b.value.numbers(0));
    }
    expect(sums).toEqual([49_995_000, -49_995_000]);
  });
});

describe('a table that cannot be opened says why and what to do', () => {
  const refusals: readonly [string, () => Promise<unknown>, string, RegExp][] = [
    ['no data', () => openTable({ data: [] }), 'INVALID_INPUT', /pass --data/],
    ['an empty path', () => openTable({ data: [' '] }), 'INVALID_INPUT', /empty/],
    ['an absent file', () => openTable({ data: ['absent.csv'] }), 'NOT_FOUND', /no file absent\.csv: check the path/],
    [
      'a glob without match',
      () => openTable({ data: [files.path('no-*.csv')] }),
      'NOT_FOUND',
      /no file matches .*no-\*\.csv/,
    ],
    ['a folder', () => openTable({ data: [files.path('.')] }), 'INVALID_INPUT', /is a folder: .*\*\.parquet/],
    [
      'an unknown ending',
      async () => openTable({ data: [await files.write('a.xlsx', 'x')] }),
      'INVALID_INPUT',
      /a\.xlsx .*\.parquet/,
    ],
    [
      'an unknown scheme',
      () => openTable({ data: ['ftp://u:secret@host/x.csv'] }),
      'INVALID_INPUT',
      /^ftp:\/\/host\/x\.csv cannot .*s3:\/\//,
    ],
    [
      'an empty file',
      async () => openTable({ data: [await files.write('e.parquet', '')] }),
      'DATA_UNREADABLE',
      /e\.parquet is empty \(0 bytes\)/,
    ],
    [
      'a file without rows',
      async () => openTable({ data: [await files.write('h.csv', 'a,b\n')] }),
      'DATA_UNREADABLE',
      /h\.csv has no rows/,
    ],
    [
      'a file that is no Parquet',
      async () => openTable({ data: [await files.write('t.parquet', 'not parquet at all')] }),
      'DATA_UNREADABLE',
      /t\.parquet: No magic bytes/,
    ],
    [
      'broken JSON',
      async () => openTable({ data: [await files.write('b.ndjson', '{"a":1}\n{"a":\n')] }),
      'DATA_UNREADABLE',
      /Malformed JSON .*line/,
    ],
    [
      'an unknown column to exclude',
      async () => openTable({ data: [await files.write('x.csv', 'label,b\n1,2\n')], exclude: ['lable'] }),
      'INVALID_INPUT',
      /"lable".*Did you mean "label"/,
    ],
    [
      'nothing left',
      async () => openTable({ data: [await files.write('y.csv', 'a\n1\n')], exclude: ['a'] }),
      'INVALID_INPUT',
      /leaves no column/,
    ],
    ['a bad memory limit', () => openTable({ data: ['x.csv'], memoryLimit: 'lots' }), 'INVALID_INPUT', /"lots".*512MB/],
    ['a zero character', () => openTable({ data: ['a\0*.csv'] }), 'INVALID_INPUT', /zero character/],
  ];
  it.each(refusals)('%s', async (_, open, code, message) => {
    await expect(open()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });

  it('a truncated Parquet file', async () => {
    const { readFile } = await import('node:fs/promises');
    const whole = await readFile(await files.writeParquet('whole.parquet', 'SELECT range AS x FROM range(1000)'));
    const path = await files.write('cut.parquet', whole.subarray(0, whole.length - 100));
    await expect(openTable({ data: [path] })).rejects.toMatchObject({ code: 'DATA_UNREADABLE' });
  });

  it('a CSV value that does not fit, late in the file', async () => {
    const path = await files.write('late.csv', `a\n${'1\n'.repeat(250_000)}oops\n`);
    const table = await files.open({ data: [path], memoryLimit: '500MB' });
    const read = async () => {
      for await (const chunk of table.stream(["coalesce(a::DOUBLE, 'NaN')"])) expect(chunk.rowCount).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringMatching(/late\.csv: CSV Error on Line: 250002 .*"oops" to 'BIGINT'/s) as unknown,
    });
  });

  it('a file that loses rows while it is open', async () => {
    const path = await files.write('shrinks.csv', `a\n${'1\n'.repeat(100)}`);
    const table = await files.open({ data: [path] });
    await files.write('shrinks.csv', 'a\n1\n');
    const read = async () => {
      for await (const chunk of table.stream(["coalesce(a::DOUBLE, 'NaN')"])) expect(chunk.rowCount).toBe(1);
    };
    await expect(read()).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringMatching(/changed while it was read \(100 rows, then 1\)/) as unknown,
    });
  });
});

needs('shared').describe('shared data', () => {
  it('NSL-KDD has its rows and columns', async () => {
    const table = await files.open({ data: [`${SHARED_DATA}/nsl-kdd/normal.parquet`] });
    expect(table.rowCount).toBe(13_449);
    expect(table.columns).toHaveLength(41);
  });
});
