import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/**
 * The contracts as the last release has them, or, before the first one, as clients were told of them first: after a release,
 * `cp -r proto/aristarch proto/inference test/contract/released/` renews them.
 */
const RELEASED = join(ROOT, 'test/contract/released');
const data = useDataFolder();

function buf(...args: string[]): { status: number | null; text: string } {
  const env = { ...process.env, BUF_CACHE_DIR: data.path('cache') };
  const program = join(ROOT, 'node_modules/@bufbuild/buf/bin/buf');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  });
  return { status, text: stdout + stderr };
}

/** A copy of the contracts with a change in our own. */
async function changed(from: string, to: string): Promise<string> {
  const folder = await mkdtemp(data.path('contracts-'));
  await cp(join(ROOT, 'buf.yaml'), join(folder, 'buf.yaml'));
  await cp(join(ROOT, 'proto'), join(folder, 'proto'), { recursive: true });
  const file = join(folder, 'proto/aristarch/v1/aristarch.proto');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
  return folder;
}

describe('the contract', () => {
  it('is in good style, as buf lint has it', () => expect(buf('lint')).toEqual({ status: 0, text: '' }));

  it('breaks no client of the last release, as buf breaking has it', () => {
    expect(buf('breaking', '--against', RELEASED)).toEqual({ status: 0, text: '' });
  });
});

describe('what it is compared with', () => {
  it('has each contract of ours', async () => {
    const files = async (folder: string): Promise<string[]> =>
      (await readdir(folder, { recursive: true }))
        .filter((name) => /^(aristarch|inference)\/.*\.proto$/.test(name))
        .toSorted();
    expect(await files(RELEASED)).toEqual(await files(join(ROOT, 'proto')));
  });

  it('is what the last release has, where there is one', async () => {
    const [tag] = git('tag', '--list', 'v*', '--sort=-v:refname').split('\n');
    for (const path of tag
      ? git('ls-tree', '-r', '--name-only', tag, 'proto/aristarch', 'proto/inference').split('\n')
      : []) {
      expect(await readFile(join(RELEASED, path.slice('proto/'.length)), 'utf8')).toBe(
        `${git('show', `${tag}:${path}`)}\n`,
      );
    }
  });
});

const git = (...args: string[]): string => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout.trimEnd();

describe('buf', () => {
  it('finds a field whose number has changed', async () => {
    const folder = await changed('double p_value = 2;', 'double p_value = 20;');
    expect(buf('breaking', folder, '--against', RELEASED)).toEqual({
      status: 100,
      text: expect.stringContaining('Previously present field "2" with name "p_value" on message "Result" was deleted'),
    });
  });

  it('lets a field be added', async () => {
    const folder = await changed('double p_value = 2;', 'double p_value = 2; string note = 99;');
    expect(buf('breaking', folder, '--against', RELEASED)).toEqual({ status: 0, text: '' });
  });

  it('finds a field that is not written as fields are', async () => {
    const folder = await changed('double p_value = 2;', 'double pValue = 2;');
    expect(buf('lint', folder)).toEqual({ status: 100, text: expect.stringContaining('should be lower_snake_case') });
  });
});
