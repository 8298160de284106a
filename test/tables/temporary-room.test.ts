import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../../src/tables/duckdb.ts';

const databases: Database[] = [];
afterEach(async () => {
  for (const database of databases.splice(0)) await database.close();
});

async function open(): Promise<Database> {
  const database = await openDatabase({});
  databases.push(database);
  return database;
}

it('temporary files that cannot be written are the matter of the machine, and the message says where to make room', async () => {
  const database = await open();
  await rm(database.folder, { recursive: true });
  const attached = database.run(`ATTACH '${join(database.folder, 'rows.duckdb')}' AS waiting`);
  await expect(attached).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  await expect(attached).rejects.toThrow(
    new RegExp(
      `^there is no place for temporary files \\(.*\\): make room in ${tmpdir()}, or name another folder in TMPDIR$`,
    ),
  );
});

it('a fault of another file is left to those who know what it is for', async () => {
  const database = await open();
  await expect(database.run("ATTACH '/absent/rows.duckdb' AS waiting")).rejects.not.toHaveProperty('code');
  await expect(database.rows('SELECT absent')).rejects.not.toHaveProperty('code');
  const rows = database.stream("SELECT * FROM '/absent/rows.csv'");
  await expect(rows.next()).rejects.toThrow(/No files found/);
});
