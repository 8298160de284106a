import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { createResultWriter, type AddedColumn } from '../../src/tables/result-writer.ts';
import { allRows, useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const ADDED: readonly AddedColumn[] = [
  { name: 'score', type: 'FLOAT' },
  { name: 'p', type: 'DOUBLE' },
  { name: 'anomalous', type: 'BOOLEAN' },
];
const VALUES = [Float32Array.of(0.5, -1), Float64Array.of(0.1, 1), Uint8Array.of(1, 0)];

async function openRows() {
  return files.open({ data: [await files.write('rows.csv', 'a,b\n1,"x, ""y"""\n2,\n')] });
}

async function writeRows(name: string): Promise<string> {
  const writer = await createResultWriter(await openRows(), files.path(name), ADDED);
  writer.append(VALUES);
  await writer.commit();
  return files.path(name);
}

describe('a result file', () => {
  it('has the columns of the data, then the added ones: Parquet', async () => {
    const table = await files.open({ data: [await writeRows('out.parquet')] });
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'a BIGINT',
      'b VARCHAR',
      'score FLOAT',
      'p DOUBLE',
      'anomalous BOOLEAN',
    ]);
    expect(await allRows(table)).toEqual([
      { a: 1n, b: 'x, "y"', score: 0.5, p: 0.1, anomalous: true },
      { a: 2n, b: null, score: -1, p: 1, anomalous: false },
    ]);
  });

  it.each([
    ['out.csv', 'a,b,score,p,anomalous\n1,"x, ""y""",0.5,0.1,true\n2,,-1.0,1.0,false\n'],
    ['out.tsv', 'a\tb\tscore\tp\tanomalous\n1\t"x, ""y"""\t0.5\t0.1\ttrue\n2\t\t-1.0\t1.0\tfalse\n'],
    [
      'out.ndjson',
      '{"a":1,"b":"x, \\"y\\"","score":0.5,"p":0.1,"anomalous":true}\n{"a":2,"b":null,"score":-1.0,"p":1.0,"anomalous":false}\n',
    ],
  ])('is written as its ending says: %s', async (name, content) => {
    expect(await readFile(await writeRows(name), 'utf8')).toBe(content);
    expect(gunzipSync(await readFile(await writeRows(`${name}.gz`))).toString()).toBe(content);
  });

  it('keeps the order of a long table that --where thins out, in pieces of any size', async () => {
    const path = await files.writeParquet('long.parquet', 'SELECT i AS x FROM range(50000) t(i)');
    const table = await files.open({ data: [path], where: 'x % 7 <> 0' });
    const writer = await createResultWriter(table, files.path('long-out.parquet'), [{ name: 'index', type: 'DOUBLE' }]);
    for (let at = 0; at < table.rowCount; at += 4999) {
      writer.append([Float64Array.from({ length: Math.min(4999, table.rowCount - at) }, (_, i) => at + i)]);
    }
    await writer.commit();
    const out = await files.open({ data: [files.path('long-out.parquet')] });
    const wrong =
      'count(*) AS n FROM (SELECT x, "index", row_number() OVER () - 1 AS i FROM data) WHERE "index" <> i OR x <> i + 1 + i // 6';
    expect(await out.query(wrong)).toEqual([{ n: 0n }]);
    expect(out.rowCount).toBe(table.rowCount);
  });

  it('appears when it is whole, and leaves an older file alone until then', async () => {
    await mkdir(files.path('results'));
    const path = await files.write('results/out.csv', 'old');
    const writer = await createResultWriter(await openRows(), path, ADDED);
    writer.append(VALUES.map((column) => column.subarray(0, 1)));
    await expect(writer.commit()).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/2 rows, but 1 results/) as unknown,
    });
    await writer.discard();
    expect(await readdir(files.path('results'))).toEqual(['out.csv']);
    expect(await readFile(path, 'utf8')).toBe('old');
    await writeRows('results/out.csv');
    expect(await readFile(path, 'utf8')).toMatch(/^a,b,score/);
  });

  it('never replaces the data it was made from, under whatever name', async () => {
    const data = await files.write('source.csv', 'a\n1\n2\n');
    await symlink(data, files.path('alias.csv'));
    const table = await files.open({ data: [data], where: 'a > 1' });
    for (const path of [data, files.path('../' + basename(dirname(data)) + '/source.csv'), files.path('alias.csv')]) {
      const creating = createResultWriter(table, path, [{ name: 's', type: 'FLOAT' }]);
      await expect(creating).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/is the data itself.*give another name/) as unknown,
      });
    }
    expect(await readFile(data, 'utf8')).toBe('a\n1\n2\n');
  });

  it('leaves nothing behind when rows cannot be read', async () => {
    await mkdir(files.path('broken'));
    const table = await files.open({ data: [await files.write('late.csv', `a\n${'1\n'.repeat(250_000)}oops\n`)] });
    const writer = await createResultWriter(table, files.path('broken/out.parquet'), [{ name: 's', type: 'FLOAT' }]);
    writer.append([new Float32Array(table.rowCount)]);
    await expect(writer.commit()).rejects.toMatchObject({
      message: expect.stringMatching(/cannot write .*out\.parquet/) as unknown,
    });
    expect(await readdir(files.path('broken'))).toEqual([]);
  });

  it.each([
    ['absent/out.csv', 'score', 'NOT_FOUND', /no folder .*absent .*make it/],
    ['out.xlsx', 'score', 'INVALID_INPUT', /use \.parquet, \.csv/],
    ['out.json', 'score', 'INVALID_INPUT', /\.ndjson/],
    ['folder.csv', 'score', 'INVALID_INPUT', /is a folder/],
    ['out.csv', 'B', 'INVALID_INPUT', /a column "B" already.*--exclude B/],
  ])('cannot be %s with a column %s', async (name, added, code, message) => {
    await mkdir(files.path('folder.csv'), { recursive: true });
    const creating = createResultWriter(await openRows(), files.path(name), [{ name: added, type: 'FLOAT' }]);
    await expect(creating).rejects.toMatchObject({ code, message: expect.stringMatching(message) as unknown });
  });
});
