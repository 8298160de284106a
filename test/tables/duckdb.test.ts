import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';

const run = promisify(execFile);
const data = useDataFolder();

const OPEN = `
  import { openDatabase } from './src/tables/duckdb.ts';
  await openDatabase({ threads: -1 }).then(() => console.log('opened'), () => console.log('refused'));
`;

it('a database that cannot start leaves no folder behind', async () => {
  const folder = data.path('tmp');
  await mkdir(folder);
  const env = { ...process.env, TMPDIR: folder, TSX_DISABLE_CACHE: '1' };
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', OPEN], { env });
  expect(stdout).toBe('refused\n');
  expect((await readdir(folder)).filter((name) => name.startsWith('aristarch-'))).toEqual([]);
});

const TELL = `
  import { openDatabase } from './src/tables/duckdb.ts';
  await openDatabase({}).catch(({ code, message }) => console.log(code, message));
`;

it('a place for temporary files that is not there is told as one without room', async () => {
  const folder = data.path('absent');
  const env = { ...process.env, TMPDIR: folder, TSX_DISABLE_CACHE: '1' };
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', TELL], { env });
  expect(stdout).toMatch(/^PRECONDITION_FAILED there is no place for temporary files \(ENOENT/);
  expect(stdout).toContain(`make room in ${folder}, or name another folder in TMPDIR`);
});
