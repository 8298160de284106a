import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const lines = (first: string) => `${[first, ...Array.from({ length: 30 }, (_, i) => `${i}.5,${i},x`)].join('\n')}\n`;

describe('two columns of one name', () => {
  it.each([
    ['rows.csv', lines('a,a,b'), 'line 1 has the name "a" twice (columns 1 and 2): give each column a name of its own'],
    ['rows.csv', lines('a,"a",a_1'), 'line 1 has the name "a" twice (columns 1 and 2)'],
    ['rows.csv', lines('a,b,A'), 'line 1 has the names "a" and "A", which differ in case alone'],
    ['rows.csv', `Rows of March\n${lines('c,a,a')}`, 'line 2 has the name "a" twice (columns 2 and 3)'],
    ['rows.csv', lines('a,a,b').replaceAll(',', ';'), 'line 1 has the name "a" twice'],
    ['rows.ndjson', '{"a":1,"A":2}\n{"a":3,"A":4}\n', 'the file has the names "A" and "a", which differ in case alone'],
    ['rows.ndjson', '{"a":1,"b":2}\n{"A":3,"b":4}\n', 'the file has the names "A" and "a", which differ in case alone'],
  ])('are refused in %s, and not renamed: %j', async (name, content, said) => {
    const path = await files.write(name, content);
    await expect(files.open({ data: [path] })).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringContaining(said) as unknown,
    });
  });

  it.each([
    ['rows.csv', lines('a,a_1,b'), ['a', 'a_1', 'b']],
    ['rows.csv', lines('x_1,x_2,x_10'), ['x_1', 'x_2', 'x_10']],
    ['rows.ndjson', '{"a":1,"a_1":2}\n', ['a', 'a_1']],
  ])('are not seen in names that only look like it, in %s: %j', async (name, content, names) => {
    const table = await files.open({ data: [await files.write(name, content)] });
    expect(table.columns.map((column) => column.name)).toEqual(names);
  });

  it('are refused in Parquet, which DuckDB itself would not write', async () => {
    const bytes = await readFile(await files.writeParquet('pair.parquet', 'SELECT 1 AS qq, 2 AS zz'));
    const path = await files.write(
      'twice.parquet',
      Buffer.from(bytes.toString('latin1').replaceAll('zz', 'qq'), 'latin1'),
    );
    await expect(files.open({ data: [path] })).rejects.toMatchObject({
      message: expect.stringContaining('its schema has the name "qq" twice (columns 1 and 2)') as unknown,
    });
  });

  it('are not seen in a part of a column of Parquet', async () => {
    const path = await files.writeParquet('rows.parquet', `SELECT {'a': 1, 'a_1': 2} AS s, 3 AS a, 4 AS a_1`);
    const table = await files.open({ data: [path] });
    expect(table.columns.map(({ name }) => name)).toEqual(['s', 'a', 'a_1']);
  });
});
