import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { factorOf, openRepository, refreshTwice } from './real-repository.ts';

const createFolder = createModelFolderFixture();

describe('a repository without a model', () => {
  it('says that there is no model yet, and what a wrong folder is instead', async () => {
    const folder = await createFolder();
    const warning = async (path: string) => {
      const { warnings } = await openRepository(path);
      return warnings().map(({ msg }) => msg);
    };
    expect(await warning(folder.path)).toEqual([
      `there is no model in the models' folder ${folder.path}, and no call can be answered: those that come as NAME/VERSION/ are served without a restart`,
    ]);
    const version = await folder.write('pumps', '1', 1);
    expect(await warning(folder.path)).toEqual([]);
    expect(await warning(join(folder.path, 'pumps'))).toEqual([
      expect.stringMatching(/pumps holds versions of one model: give the folder above it$/),
    ]);
    expect(await warning(version)).toEqual([
      expect.stringMatching(/1 is one model: serve it with --model, or give the folder two above it$/),
    ]);
  });

  it('that had some, as one whose volume was lost, goes on with what it serves, and sees what comes back', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 5);
    const { repository } = await openRepository(folder.path, { defaultModel: 'pumps' });
    const away = `${folder.path}-away`;
    await rename(folder.path, away);
    await mkdir(folder.path);
    for (const look of [1, 2, 3]) {
      await expect(repository.refresh()).rejects.toThrow(
        /is empty, and not the one that the served models are from: a volume may/,
      );
      expect([look, await factorOf(repository)]).toEqual([look, 1]);
      // One that is not open may be there again soon.
      await expect(factorOf(repository, { model: 'fans' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await rm(folder.path, { recursive: true });
    await rename(away, folder.path);
    await folder.write('pumps', '2', 2);
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
    expect(await factorOf(repository, { version: '1' })).toBe(1);
  });

  it('that had some is empty where all of them were taken away, or unloaded', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository } = await openRepository(folder.path, { defaultModel: 'pumps' });
    await rm(join(folder.path, 'pumps'), { recursive: true });
    await refreshTwice(repository);
    await expect(factorOf(repository)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await folder.write('fans', '1', 5);
    await refreshTwice(repository);
    expect(await factorOf(repository, { model: 'fans' })).toBe(5);
    await rename(folder.path, `${folder.path}-lost`);
    await mkdir(folder.path);
    await expect(repository.refresh()).rejects.toThrow(/a volume may have been lost/);
    repository.unload('fans');
    await refreshTwice(repository);
    await expect(factorOf(repository, { model: 'fans' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
