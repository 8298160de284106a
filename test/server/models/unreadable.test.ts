import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { factorOf, openRepository, refreshTwice } from './real-repository.ts';

const createFolder = createModelFolderFixture();

/** A link to itself: like a folder without permission it is there and cannot be read, for whoever asks, root as well. */
const loop = (path: string): Promise<void> => symlink(path, path);

describe('what cannot be read in the folder of models', () => {
  it('is one version, which is refused with the reason, and harms no other', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const second = await folder.write('pumps', '2', 2);
    await folder.write('fans', '1', 7);
    await loop(join(second, 'notes.txt'));
    const { repository, opens } = await openRepository(folder.path, { defaultModel: 'pumps' });
    expect(await factorOf(repository)).toBe(1);
    expect(await factorOf(repository, { model: 'fans' })).toBe(7);
    expect(opens).toEqual(['pumps/1', 'fans/1']);
    const reason = expect.stringMatching(/version 2 of model "pumps" cannot be read \(ELOOP.*let this process's user/);
    expect(repository.list().find(({ model }) => model === 'pumps')!.versions[1]).toEqual({
      ...{ version: '2', state: 'refused', reason },
    });
    await expect(factorOf(repository, { model: 'pumps', version: '2' })).rejects.toMatchObject({ message: reason });
    await rm(join(second, 'notes.txt'));
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
  });

  it('is the newest version, for a time: the one before answers, until it can be read', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('pumps', '2', 2);
    let isBad = true;
    const { repository, opens } = await openRepository(folder.path, {}, (opened) => {
      if (isBad && opened === 'pumps/2') throw new AristarchError('UNAVAILABLE', 'EIO: i/o error, read');
      return undefined;
    });
    expect(await factorOf(repository)).toBe(1);
    await repository.refresh();
    expect(await factorOf(repository)).toBe(1);
    expect(opens).toEqual(['pumps/2', 'pumps/1', 'pumps/2']);
    isBad = false;
    await repository.refresh();
    expect(await factorOf(repository)).toBe(2);
  });

  it('is the only version, for a time, which is said as it is', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const bad = openRepository(folder.path, {}, () => {
      throw new AristarchError('UNAVAILABLE', 'EIO: i/o error, read');
    });
    await expect(bad).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'EIO: i/o error, read' });
  });

  it('is the version that serves: it goes on, and no older one takes its place', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const second = await folder.write('pumps', '2', 2);
    const { repository, opens } = await openRepository(folder.path);
    await loop(join(second, 'notes.txt'));
    for (let look = 0; look < 3; look++) await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
    await rm(join(second, 'notes.txt'));
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
    expect(opens).toEqual(['pumps/2']);
  });

  it('leaves no other model to be the default by itself', async () => {
    const folder = await createFolder();
    await folder.write('fans', '1', 7);
    await loop(join(folder.path, 'pumps'));
    const { repository } = await openRepository(folder.path);
    expect(repository.defaultName).toBeUndefined();
    expect(await factorOf(repository, { model: 'fans' })).toBe(7);
    await rm(join(folder.path, 'pumps'));
    await refreshTwice(repository);
    expect(repository.defaultName).toBe('fans');
  });

  it("is a model's whole folder: what was known of it holds, which is said once, and others change", async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 7);
    const { repository, errors } = await openRepository(folder.path, { defaultModel: 'pumps' });
    expect(await factorOf(repository)).toBe(1);
    await rm(join(folder.path, 'pumps'), { recursive: true });
    await loop(join(folder.path, 'pumps'));
    await folder.write('fans', '2', 8);
    for (let look = 0; look < 3; look++) await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(1);
    expect(await factorOf(repository, { model: 'fans' })).toBe(8);
    expect(errors().map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/^the folder of model "pumps" cannot be read \(ELOOP/),
    ]);
    await expect(repository.load({ model: 'pumps' })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });
});
