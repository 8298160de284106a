import { describe, expect, it } from '@jest/globals';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { factorOf, openRepository } from './real-repository.ts';

const createFolder = createModelFolderFixture();

/** A repository of `pumps` and `fans`, in version 1, and a look at it that has begun to open pumps/2 and is held up until `goOn`. */
async function lookHeldUp() {
  const folder = await createFolder();
  for (const model of ['pumps', 'fans']) await folder.write(model, '1', 1);
  let [reach, goOn] = [(): void => undefined, (): void => undefined];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const { repository } = await openRepository(folder.path, {}, (opened) => {
    if (opened !== 'pumps/2') return undefined;
    reach();
    return gate;
  });
  for (const model of ['pumps', 'fans']) await factorOf(repository, { model });
  await folder.write('pumps', '2', 2);
  await repository.refresh();
  const looking = repository.refresh();
  await reached;
  const end = async (): Promise<void> => {
    goOn();
    await looking;
  };
  return { folder, repository, end };
}

describe('LoadModel while a look at the folder is under way', () => {
  it('is not undone by what the look had found before', async () => {
    const { folder, repository, end } = await lookHeldUp();
    await folder.write('fans', '2', 2);
    expect((await repository.load({ model: 'fans' })).description.version).toBe('2');
    await end();
    expect(await factorOf(repository, { model: 'fans' })).toBe(2);
    for (let look = 0; look < 2; look++) await repository.refresh();
    expect(await factorOf(repository, { model: 'fans' })).toBe(2);
  });

  it('is a way back from the very version that the look opens', async () => {
    const { folder, repository, end } = await lookHeldUp();
    await folder.rule('pumps', { version: '1' });
    expect((await repository.load({ model: 'pumps' })).description.version).toBe('1');
    await end();
    expect(await factorOf(repository, { model: 'pumps' })).toBe(1);
    expect(repository.list()).toMatchObject([{ model: 'fans' }, { model: 'pumps', serving: '1', pinned: '1' }]);
  });
});
