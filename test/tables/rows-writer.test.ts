import { mkdir, readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { createRowsWriter, slotColumn } from '../../src/tables/rows-writer.ts';
import { allRows, useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const COLUMNS = [
  { name: 'whole', sql: `CAST(${slotColumn(0)} AS BIGINT)` },
  { name: 'a "name"', sql: `CASE WHEN isnan(${slotColumn(1)}) THEN NULL ELSE ${slotColumn(1)} END` },
];

async function write(name: string, ...pieces: Float32Array[]): Promise<string> {
  const writer = await createRowsWriter(files.path(name), { width: 2, columns: COLUMNS });
  pieces.forEach((piece) => writer.append(piece));
  await writer.commit();
  return files.path(name);
}

describe('a file of packed rows', () => {
  it('has the columns that SQL makes of the slots', async () => {
    const table = await files.open({
      data: [await write('a.parquet', Float32Array.of(1, 0.5), Float32Array.of(2, NaN))],
    });
    expect(table.columns).toEqual([
      { name: 'whole', type: 'BIGINT' },
      { name: 'a "name"', type: 'FLOAT' },
    ]);
    expect(await allRows(table)).toEqual([
      { whole: 1n, 'a "name"': 0.5 },
      { whole: 2n, 'a "name"': null },
    ]);
  });

  it('is the same, to the byte, in pieces of any size, and keeps the order of more rows than a block holds', async () => {
    const rows = Float32Array.from({ length: 2 * 300_000 }, (_, at) => at / 2);
    const cut = (size: number) =>
      Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.subarray(i * size, (i + 1) * size));
    const [once, often] = [await write('once.parquet', rows), await write('often.parquet', ...cut(2 * 777))];
    expect((await readFile(often)).equals(await readFile(once))).toBe(true);
    const table = await files.open({ data: [once] });
    expect(
      await table.query('count(*) AS n FROM (SELECT whole, row_number() OVER () - 1 AS i FROM data) WHERE whole <> i'),
    ).toEqual([{ n: 0n }]);
    expect(table.rowCount).toBe(300_000);
  });

  it('leaves an older file alone until it is committed', async () => {
    await mkdir(files.path('kept'));
    const path = await files.write('kept/out.csv', 'old');
    const writer = await createRowsWriter(path, { width: 2, columns: COLUMNS });
    writer.append(Float32Array.of(1, 2));
    await writer.discard();
    expect(await readFile(path, 'utf8')).toBe('old');
    await write('kept/out.csv', Float32Array.of(1, 2));
    expect(await readFile(path, 'utf8')).toBe('whole,"a ""name"""\n1,2.0\n');
    expect(await readdir(files.path('kept'))).toEqual(['out.csv']);
  });

  it('says why it cannot be written, and leaves nothing behind', async () => {
    await mkdir(files.path('broken'));
    const failing = write('broken/out.csv', Float32Array.of(NaN, 0));
    await expect(failing).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/cannot write .*out\.csv/) as unknown,
    });
    expect(await readdir(files.path('broken'))).toEqual([]);
    await expect(write('out.xlsx')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
