import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const ROWS = Array.from({ length: 60 }, (_, index) => `${index}.5,${index},${'xyz'[index % 3]}`);

const PAIRS = ROWS.map((row) => row.replace(/,.$/, ''));

const csv = (...lines: readonly string[]) => `${lines.join('\n')}\n`;
const withLine = (place: number, line: string) => csv('a,b,c', ...ROWS.slice(0, place), line, ...ROWS.slice(place));

describe('lines of a CSV file that do not agree are refused, with the first that does not', () => {
  it.each([
    ['a short line', withLine(30, '1,2'), /Line: 32 Original Line: 1,2 .*the 3 fields that line 1 has, between ","/],
    ['a long line', withLine(0, '1,2,x,4'), /Line: 2 Original Line: 1,2,x,4 /],
    ['an open quote', withLine(30, '1,2,"x'), /Line: 32 Original Line: 1,2,"x.*each quote closed/],
    ['names for fewer columns than there are', csv('a,b', ...ROWS), /Line: 2 .*the 2 fields that line 1 has/],
    [
      'a hundred rows before a field more',
      csv('a,b,c', ...ROWS, ...Array.from({ length: 5000 }, () => '1,2,x,4')),
      /Line: 62 Original Line: 1,2,x,4 /,
    ],
    ['a quoted name that holds the delimiter', csv('"a, then",b', '1,2', '1', '3,4'), /Line: 3 Original Line: 1/],
    ['semicolons', withLine(30, '1,2').replaceAll(',', ';'), /Line: 32 .*between ";"/],
    ['tabs', withLine(30, '1,2').replaceAll(',', '\t'), /Line: 32 .*between tabs/],
    ['ends of Windows', withLine(30, '1,2').replaceAll('\n', '\r\n'), /Line: 32 /],
    ['a title with the delimiter', csv('made, by me', 'a,b,c', ...ROWS), /Line: 2 .*or take out what is no row/],
    [
      'a short line among lists of another delimiter',
      withLine(30, '1,2')
        .replaceAll(/([xyz])$/gm, '$1;y')
        .replace('1,2', '1,x;y'),
      /Line: 32 Original Line: 1,x;y .*the 3 fields that line 1 has, between ","/,
    ],
    [
      'a short line among texts of another delimiter',
      csv('id\ttext', ...ROWS.map((_, index) => `${index}\tHello, you`), '7 Hello, you'),
      /Line: 62 Original Line: 7 Hello, you .*between tabs/,
    ],
    [
      'a remark among the rows',
      withLine(30, '# by hand'),
      /Line: 32 Original Line: # by hand .*or take out what is no row/,
    ],
    [
      'a short line below a title, where a quoted text goes on for two lines',
      csv('Title', 'a,b,c', ...ROWS, '1,2,"x', 'y"', '1,2', ...ROWS),
      /Original Line: 1,2 .*the 3 fields that line 2 has/,
    ],
    [
      'a short line below a title, where a text holds the sign for inches',
      csv('Title', 'a,b,c', ...ROWS.slice(0, 30), '1,2', ...ROWS.slice(30), '5" pipe,3,x'),
      /Line: 33 Original Line: 1,2 .*the 3 fields that line 2 has/,
    ],
    ['a total', withLine(60, 'Total: 60'), /Line: 62 Original Line: Total: 60 .*\(a title, a remark, a total\)/],
    [
      'a remark of as many fields as there are names below it',
      csv('# one, two, three', 'a,b,c', ...ROWS),
      /line 1 begins with "#", and line 2 looks like names of columns as well: take out the one/,
    ],
    [
      'a title behind the line for Excel, over two columns that would be read as one',
      csv('sep=,', 'Title', 'a,b', ...PAIRS),
      /from line 3 on its lines have 2 fields between ",", .*: take out the lines above it/,
    ],
    [
      'letters of another encoding',
      Buffer.from(csv('größe,b', '1,2'), 'latin1'),
      /utf-8 encoded\.: convert it to UTF-8$/,
    ],
  ])('%s', async (_, content, message) => {
    const path = await files.write('rows.csv', content);
    await expect(files.open({ data: [path] })).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringMatching(new RegExp(`^cannot read .*rows\\.csv: .*${message.source}`, 's')) as unknown,
    });
  });

  it('in one file of many, compressed, behind a name with brackets', async () => {
    await files.write('part[1].csv.gz', gzipSync(csv('a,b,c', ...ROWS)));
    await files.write('part[2].csv.gz', gzipSync(withLine(30, '1,2')));
    await expect(files.open({ data: [files.path('part*.csv.gz')] })).rejects.toMatchObject({
      message: expect.stringMatching(/part\[2\]\.csv\.gz: CSV Error on Line: 32/) as unknown,
    });
  });
});

describe('lines of a CSV file that agree are read', () => {
  it.each([
    ['under a title and remarks', csv('Rows of March', '', '# by hand', 'a,b,c', ...ROWS), ['a', 'b', 'c'], 60],
    [
      'under remarks with delimiters',
      csv('# made by x, y', '# on, a, Sunday, morning', 'a,b,c', ...ROWS),
      ['a', 'b', 'c'],
      60,
    ],
    [
      'under a remark of as many fields, and one of fewer',
      csv('# x, y, z', '# x', 'a,b,c', ...ROWS),
      ['a', 'b', 'c'],
      60,
    ],
    ['under a quoted title with the delimiter', csv('"Rows, of March"', 'a,b,c', ...ROWS), ['a', 'b', 'c'], 60],
    ['under the line for Excel', csv('sep=,', 'a,b,c', ...ROWS), ['a', 'b', 'c'], 60],
    ['of two columns under it', csv('\uFEFFsep=,', 'a,b', ...PAIRS), ['a', 'b'], 60],
    ['of one column under it', csv('sep=,', 'a', '1', '2'), ['a'], 2],
    ['of which one begins with "#"', withLine(30, '#7,2,z'), ['a', 'b', 'c'], 61],
    ['of which many begin with "#"', csv('id,b', ...PAIRS.map((row, i) => (i % 2 ? `#${row}` : row))), ['id', 'b'], 60],
    ['whose names begin with "#"', csv('#a,b,c', ...ROWS), ['#a', 'b', 'c'], 60],
    ['of one column, whose quoted name holds what its texts hold', csv('"a|b"', 'x|y', 'z'), ['a|b'], 2],
    ['of one column, whose name holds what could be a delimiter', csv('length; mm', '1.5', '2.5'), ['length; mm'], 2],
    ['with delimiters in quotes', csv('"a, then",b', '1,"2, 3"', '4,"5"'), ['a, then', 'b'], 2],
    ['of one column, whose quoted name holds a delimiter', csv('"a, b"', '1', '2'), ['a, b'], 2],
    ['of one column of quoted texts of many lines', csv('a', '"x, y\nz, w"', '"k, l\nm, n"'), ['a'], 2],
    ['of one column of texts, some with a comma', csv('a', 'one', 'two, three', 'four'), ['a'], 3],
  ])('%s', async (_, content, names, rowCount) => {
    const table = await files.open({ data: [await files.write('rows.csv', content)] });
    expect(table.columns.map(({ name }) => name)).toEqual(names);
    expect(table.rowCount).toBe(rowCount);
  });

  it('of many files, of which some begin with the line for Excel, in their order and with the types of the others', async () => {
    const pair = [
      await files.write('with.csv', csv('sep=;', 'a;b', '1;x')),
      await files.write('without.csv', csv('a,b', '2,y')),
    ];
    const table = await files.open({ data: pair, text: ['a'] });
    expect(await table.query('a, b FROM data')).toEqual([
      { a: '1', b: 'x' },
      { a: '2', b: 'y' },
    ]);
  });
});

describe('lines of a CSV file that are taken for titles or remarks', () => {
  it.each([
    ['a title', csv('Rows of March', 'a,b,c', ...ROWS), 'line 1 ("Rows of March") is left out'],
    [
      'a remark of fewer fields, which might have named the columns',
      csv('#a,b', ...ROWS),
      'line 1 ("#a,b") is left out as a title or a remark, and no line names the columns, which are called column0, column1, column2',
    ],
    [
      'a word above names that another delimiter parts',
      csv('word', 'x;y', ...ROWS.map((_, i) => `k${i};y`)),
      'line 1 ("word") is left out as a title or a remark, and line 2 names the columns (x, y); if one of them is a row',
    ],
    [
      'more than are quoted',
      csv('# 1', '', '# 3', '# 4', '# 5', `# ${'6'.repeat(80)}`, 'a,b,c', ...ROWS),
      'line 1 ("# 1"), line 3 ("# 3"), line 4 ("# 4") and 2 more are left out',
    ],
  ])('are told of: %s', async (_, content, said) => {
    const table = await files.open({ data: [await files.write('rows.csv', content)] });
    expect(table.leftOut).toEqual([expect.stringContaining(said)]);
  });

  it.each([
    ['names and rows', csv('a,b,c', ...ROWS)],
    ['the line for Excel', csv('sep=,', 'a,b,c', ...ROWS)],
    ['empty lines', csv('', '', 'a,b,c', ...ROWS)],
    ['names that begin with "#"', csv('#a,b,c', ...ROWS)],
  ])('are none where there are but %s', async (_, content) => {
    const table = await files.open({ data: [await files.write('rows.csv', content)] });
    expect(table.leftOut).toEqual([]);
  });

  it('are told of once for many files that have the same', async () => {
    const data = [
      await files.write('one.csv', csv('T', 'a,b', ...PAIRS)),
      await files.write('two.csv', csv('T', 'a,b', ...PAIRS)),
    ];
    const { leftOut } = await files.open({ data });
    expect(leftOut).toEqual([expect.stringMatching(/one\.csv \(and 1 more with the same lines\): line 1 \("T"\)/)]);
  });
});
