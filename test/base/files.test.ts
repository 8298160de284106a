import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { checkTarget, restoreReplaced, writeFileAtomic, writeFolder } from '../../src/base/files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let home: string;
let target: string;
beforeEach(async () => {
  home = await temporaryFolder('files');
  target = join(home, 'model');
});

const fillWith = (content: string) => async (folder: string) => {
  await mkdir(join(folder, 'deep'));
  await writeFile(join(folder, 'deep', 'a.txt'), content);
};
const content = () => readFile(join(target, 'deep', 'a.txt'), 'utf8');
const mayReplace = () => Promise.resolve(true);

describe('writing a folder', () => {
  it('moves it into place and leaves nothing beside it', async () => {
    await writeFolder(target, fillWith('one'));
    expect(await content()).toBe('one');
    expect(await readdir(home)).toEqual(['model']);
  });

  it('makes the folders above it', async () => {
    target = join(home, 'models', 'deeper', 'm');
    await writeFolder(target, fillWith('one'));
    expect(await content()).toBe('one');
  });

  it('shows nothing at the target while it is being filled', async () => {
    await writeFolder(target, async (folder) => {
      await fillWith('one')(folder);
      expect(await readdir(home)).not.toContain('model');
    });
  });

  it('leaves no trace when filling fails, and keeps the old folder', async () => {
    await writeFolder(target, fillWith('one'));
    const failing = writeFolder(target, () => Promise.reject(new Error('disk full')), { mayReplace });
    await expect(failing).rejects.toThrow('disk full');
    expect(await readdir(home)).toEqual(['model']);
    expect(await content()).toBe('one');
  });

  it('refuses a target that is taken, before it does any work', async () => {
    await writeFolder(target, fillWith('one'));
    let filled = false;
    const again = writeFolder(target, () => Promise.resolve(void (filled = true)));
    await expect(again).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: `${target} already exists: choose another folder, or remove it first`,
    });
    expect(filled).toBe(false);
    expect(await content()).toBe('one');
  });

  it('refuses a file as target, even when it may replace', async () => {
    await writeFile(target, 'precious');
    await expect(writeFolder(target, fillWith('one'), { mayReplace })).rejects.toThrow('it is a file');
    expect(await readFile(target, 'utf8')).toBe('precious');
  });

  it('takes an empty folder as if it were absent', async () => {
    await mkdir(target);
    await writeFolder(target, fillWith('one'));
    expect(await content()).toBe('one');
  });

  it('swaps the old folder for the new one when it may', async () => {
    await writeFolder(target, fillWith('one'));
    await writeFolder(target, fillWith('two'), { mayReplace });
    expect(await content()).toBe('two');
    expect(await readdir(home)).toEqual(['model']);
  });

  it('is not disturbed by the leftovers of a crash', async () => {
    await mkdir(join(home, '.model.tmp-dead'));
    await writeFolder(target, fillWith('one'));
    expect(await content()).toBe('one');
  });

  it('puts the old folder back after a crash between the two renames of a swap', async () => {
    await writeFolder(target, fillWith('one'));
    await rename(target, join(home, '.model.replaced'));
    await restoreReplaced(target);
    expect(await content()).toBe('one');
    expect(await readdir(home)).toEqual(['model']);
  });

  it('forgets the old folder after a crash behind the two renames of a swap', async () => {
    await writeFolder(target, fillWith('two'));
    await writeFolder(join(home, '.model.replaced'), fillWith('one'));
    await checkTarget(target, { mayReplace });
    expect(await content()).toBe('two');
    expect(await readdir(home)).toEqual(['model']);
  });

  it('says so where it may not write', async () => {
    await writeFile(target, 'a file');
    await expect(writeFolder(join(target, 'below'), fillWith('one'))).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
  });
});

/** A device that is full, as Linux offers it. */
const FULL = '/dev/full';

describe('a disk that takes no more', () => {
  const needed = existsSync(FULL) ? it : it.skip;
  needed(`is no fault of ours: space and rights are named (needs ${FULL})`, async () => {
    const full = writeFolder(target, () => writeFile(FULL, 'x'));
    await expect(full).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(full).rejects.toThrow(/^cannot write .*model \(ENOSPC: no space left.*check its space and rights/);
    expect(await readdir(home)).toEqual([]);
  });

  it('has the same code as a place where no file can be', async () => {
    await writeFile(target, 'a file');
    const below = writeFileAtomic(join(target, 'state'), 'x');
    await expect(below).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(below).rejects.toThrow(/^cannot write .*model/);
  });
});

describe('writing a file', () => {
  it('replaces it in one step and leaves nothing beside it', async () => {
    await writeFileAtomic(target, 'one');
    await writeFileAtomic(target, new Uint8Array([116, 119, 111]));
    expect(await readFile(target, 'utf8')).toBe('two');
    expect(await readdir(home)).toEqual(['model']);
  });
});
