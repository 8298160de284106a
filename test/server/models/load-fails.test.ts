import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { toAristarchError } from '../../../src/base/errors.ts';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { factorOf, openRepository } from './real-repository.ts';

const createFolder = createModelFolderFixture();

it('a model that was unloaded is not brought back by a call that fails, and by one that succeeds beside it', async () => {
  const folder = await createFolder();
  await folder.write('pumps', '1', 1);
  await folder.writeBroken('pumps', '2');
  const { repository } = await openRepository(folder.path);
  for (const version of ['3', '2', '-']) {
    repository.unload('pumps');
    await expect(repository.load({ model: 'pumps', version })).rejects.toThrow(
      /no version|score NaN|cannot be the name/,
    );
    expect(() => repository.acquire({})).toThrow(/was unloaded/);
    expect(repository.list()[0]).toMatchObject({ unloaded: true, serving: undefined });
  }
  const fails = repository.load({ model: 'pumps', version: '2' });
  await Promise.all([expect(fails).rejects.toThrow(/score NaN/), repository.load({ model: 'pumps', version: '1' })]);
  expect(await factorOf(repository)).toBe(1);
});

it('tells callers no place on the disk of a version whose folder or files are gone', async () => {
  const folder = await createFolder();
  const [gone, damaged] = [await folder.write('pumps', '1', 1), await folder.write('pumps', '2', 2)];
  await folder.write('pumps', '3', 3);
  const { repository } = await openRepository(folder.path);
  await Promise.all([rm(gone, { recursive: true }), rm(join(damaged, 'critic.onnx'))]);
  for (const version of ['1', '2']) {
    const fault = toAristarchError(await factorOf(repository, { version }).catch((thrown: unknown) => thrown));
    expect(fault.message).toMatch(new RegExp(`the model (folder|in) pumps/${version} `));
    expect(JSON.stringify(fault.data)).not.toContain(folder.path);
    expect(fault.message).not.toContain(folder.path);
  }
});
