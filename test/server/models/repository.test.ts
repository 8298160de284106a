import { cp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ModelChoice } from '../../../src/server/models/port.ts';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { until } from '../../support/until.ts';
import { factorOf, openRepository, refreshTwice } from './real-repository.ts';

const createFolder = createModelFolderFixture();

describe('a repository of models', () => {
  it('answers with the newest version, in the order of people, and with any other by name', async () => {
    const folder = await createFolder();
    for (const version of ['2', '10', '1']) await folder.write('pumps', version, Number(version));
    const { repository, opens } = await openRepository(folder.path);
    expect(opens).toEqual(['pumps/10']);
    expect(await factorOf(repository)).toBe(10);
    expect(await factorOf(repository, { model: 'pumps', version: '2' })).toBe(2);
    expect(repository.list()).toEqual([
      {
        ...{ model: 'pumps', serving: '10', isDefault: true, unloaded: false },
        versions: [
          { version: '1', state: 'available', reason: '' },
          { version: '2', state: 'loaded', reason: '' },
          { version: '10', state: 'loaded', reason: '' },
        ],
      },
    ]);
  });

  it('opens a model when it is first asked for, once, however many ask at the same time', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 2);
    const { repository, opens } = await openRepository(folder.path);
    expect(opens).toEqual([]);
    const factors = await Promise.all(Array.from({ length: 50 }, () => factorOf(repository, { model: 'fans' })));
    expect(new Set(factors)).toEqual(new Set([2]));
    expect(opens).toEqual(['fans/1']);
  });

  it('tells near names to whoever starts it, and to callers where they may know them', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await expect(openRepository(folder.path, { defaultModel: 'pumpz', hidesNames: true })).rejects.toThrow(
      /did you mean "pumps"/,
    );
    const { repository } = await openRepository(folder.path, { hidesNames: true });
    await expect(factorOf(repository, { model: 'pumpz' })).rejects.toThrow(
      /^there is no model "pumpz"; ListModels lists/,
    );
  });

  it('says what is not there, and what cannot be a name', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 2);
    const { repository } = await openRepository(folder.path);
    const refusal = (choice: ModelChoice) => factorOf(repository, choice);
    await expect(refusal({})).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/names no model/) as unknown,
    });
    await expect(refusal({ model: 'pumpz' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/did you mean "pumps"/) as unknown,
    });
    await expect(refusal({ model: 'fans', version: '3' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    for (const name of ['../pumps', '..', '.hidden', 'a/b', 'a\\b', 'a\0b', 'x'.repeat(129), 'é']) {
      await expect(refusal({ model: name })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      await expect(refusal({ model: 'fans', version: name })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  it('does not see what is no version, nor links that leave the folder', async () => {
    const [folder, elsewhere] = [await createFolder(), await createFolder()];
    const inside = await folder.write('pumps', '1', 1);
    const outside = await elsewhere.write('pumps', '2', 2);
    await symlink(outside, join(folder.path, 'pumps', '2'));
    await symlink(join(elsewhere.path, 'pumps'), join(folder.path, 'stolen'));
    await symlink(inside, join(folder.path, 'pumps', '0'));
    await writeFile(join(folder.path, 'README'), 'models');
    await writeFile(join(folder.path, 'pumps', 'notes.txt'), 'notes');
    const { repository } = await openRepository(folder.path);
    expect(repository.list().map(({ model, versions }) => [model, versions.map(({ version }) => version)])).toEqual([
      ['pumps', ['0', '1']],
    ]);
  });

  it('does not open where the folder is not there, and says what it should be', async () => {
    await expect(openRepository('/nowhere/models')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/NAME\/VERSION/) as unknown,
    });
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await expect(openRepository(folder.path, { defaultModel: 'fans' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a version that comes while the repository serves', () => {
  it('takes the place of the one before once it has answered its self-test; leases on that one stay good', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository, closes } = await openRepository(folder.path);
    const held = await repository.acquire({});
    await folder.write('pumps', '2', 2);
    await repository.refresh();
    expect(await factorOf(repository)).toBe(1);
    await repository.refresh();
    expect(await factorOf(repository)).toBe(2);
    expect(closes).toEqual([]);
    expect((await held.model.detector.score(Float32Array.of(1, 0, 0))).scores[0]).toBe(1);
    held.release();
    await until('the old one is closed', () => closes.length > 0);
    expect(closes).toEqual(['artefact of 1']);
  });

  it('takes it at once when LoadModel asks', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository } = await openRepository(folder.path);
    await folder.write('pumps', '2', 2);
    expect((await repository.load({ model: 'pumps' })).description).toMatchObject({ name: 'pumps', version: '2' });
    expect(await factorOf(repository)).toBe(2);
  });

  it('that fails is refused until its files change, and the old one is kept', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository, opens, errors } = await openRepository(folder.path);
    await folder.writeBroken('pumps', '2');
    for (let look = 0; look < 5; look++) await refreshTwice(repository);
    expect(opens).toEqual(['pumps/1', 'pumps/2']);
    expect(errors()).toHaveLength(1);
    expect(errors()[0]!['msg']).toMatch(
      /version 2 of model "pumps" cannot be served: .*left alone until its files change/,
    );
    expect(await factorOf(repository)).toBe(1);
    await expect(factorOf(repository, { version: '2' })).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
    expect(repository.list()[0]!.versions[1]).toMatchObject({
      state: 'refused',
      reason: expect.stringMatching(/score NaN/),
    });

    await folder.write('pumps', '2', 2);
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
  });

  it('that is half copied is not served, and is served once it is whole', async () => {
    const [folder, source] = [await createFolder(), await createFolder()];
    await folder.write('pumps', '1', 1);
    const whole = await source.write('pumps', '2', 2);
    const { repository } = await openRepository(folder.path);
    const target = join(folder.path, 'pumps', '2');
    await cp(join(whole, 'manifest.json'), join(target, 'manifest.json'));
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(1);
    await writeFile(join(target, 'critic.onnx'), 'the first bytes');
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(1);
    await cp(join(whole, 'critic.onnx'), join(target, 'critic.onnx'));
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(2);
  });

  it('may have the place of an older one of its own name', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository, closes } = await openRepository(folder.path);
    await folder.write('pumps', '1', 3, { version: 'retrained' });
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(3);
    expect(await factorOf(repository, { version: '1' })).toBe(3);
    expect(closes).toEqual(['artefact of 1']);
    // One that fails leaves what was opened before, under its name as well.
    await folder.writeBroken('pumps', '1');
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(3);
    expect(await factorOf(repository, { version: '1' })).toBe(3);
  });

  it('goes back to the one before when it is taken away, and is gone with the last', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('pumps', '2', 2);
    await folder.write('fans', '1', 5);
    const { repository } = await openRepository(folder.path, { defaultModel: 'pumps' });
    expect(await factorOf(repository)).toBe(2);
    await rm(join(folder.path, 'pumps', '2'), { recursive: true });
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(1);
    await rm(join(folder.path, 'pumps'), { recursive: true });
    await repository.refresh();
    expect(await factorOf(repository)).toBe(1);
    await repository.refresh();
    await expect(factorOf(repository)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await factorOf(repository, { model: 'fans' })).toBe(5);
  });

  it('is none where a folder is exchanged between two looks', async () => {
    const folder = await createFolder();
    const path = await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 5);
    const { repository, opens } = await openRepository(folder.path, { defaultModel: 'pumps' });
    await rename(path, join(folder.path, '.away'));
    await repository.refresh();
    await rename(join(folder.path, '.away'), path);
    await refreshTwice(repository);
    expect(await factorOf(repository)).toBe(1);
    expect(opens).toEqual(['pumps/1']);
  });
});

describe('models beyond the number that may be open', () => {
  it('are closed in the order in which they were last used, but for the default one and those in use', async () => {
    const folder = await createFolder();
    for (const [place, model] of ['a', 'b', 'c', 'd'].entries()) await folder.write(model, '1', place + 1);
    const { repository, opens, closes } = await openRepository(folder.path, { defaultModel: 'a', maxLoaded: 3 });
    await factorOf(repository, { model: 'b' });
    await factorOf(repository, { model: 'c' });
    await factorOf(repository, { model: 'b' });
    expect(await factorOf(repository, { model: 'd' })).toBe(4);
    const open3 = (): string[] => repository.open().map(({ description }) => description.name);
    expect(open3().sort()).toEqual(['a', 'b', 'd']);
    expect(closes).toHaveLength(1);
    const held = await repository.acquire({ model: 'b' });
    expect(await factorOf(repository, { model: 'c' })).toBe(3);
    expect(open3().sort()).toEqual(['a', 'b', 'c']);
    held.release();
    expect(opens).toEqual(['a/1', 'b/1', 'c/1', 'd/1', 'c/1']);
  });
});

describe('models that are all in use beyond that number', () => {
  it('are closed as soon as they are released', async () => {
    const folder = await createFolder();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const [place, model] of names.entries()) await folder.write(model, '1', place + 1);
    const { repository, closes } = await openRepository(folder.path, { defaultModel: 'a', maxLoaded: 2 });
    const leases = await Promise.all(names.map(async (model) => repository.acquire({ model })));
    expect(repository.open()).toHaveLength(5);
    for (const lease of leases) lease.release();
    expect(repository.open().map(({ description }) => description.name)).toEqual(['a', 'e']);
    await until('three are closed', () => closes.length === 3);
  });
});

describe('the default model', () => {
  it('is the version that serves, whichever was used last', async () => {
    const folder = await createFolder();
    for (const version of ['1', '2']) await folder.write('pumps', version, Number(version));
    await folder.rule('pumps', { version: '1' });
    const { repository } = await openRepository(folder.path);
    await factorOf(repository, { model: 'pumps', version: '2' });
    await factorOf(repository, { model: 'pumps', version: '1' });
    expect(repository.open().map((model) => [model.description.version, repository.isDefault(model)])).toEqual([
      ['2', false],
      ['1', true],
    ]);
  });
});

describe('a model that was unloaded', () => {
  it('can be unloaded once more, as whoever has not heard the answer does', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository } = await openRepository(folder.path);
    repository.unload('pumps');
    repository.unload('pumps');
    await repository.load({ model: 'pumps' });
    expect(await factorOf(repository)).toBe(1);
    // Callers are told no place on the disk.
    expect(() => repository.unload('fans')).toThrow(/^there is no model "fans"; ListModels lists those there are$/);
  });

  it('is refused until it is loaded again; requests in flight are finished', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    const { repository, closes } = await openRepository(folder.path);
    const held = await repository.acquire({});
    repository.unload('pumps');
    expect(repository.list()[0]).toMatchObject({ unloaded: true, serving: undefined });
    expect(() => repository.acquire({})).toThrow(/was unloaded; LoadModel brings it back/);
    await refreshTwice(repository);
    expect(() => repository.acquire({})).toThrow(/was unloaded/);
    expect((await held.model.detector.score(Float32Array.of(1, 0, 0))).scores[0]).toBe(1);
    held.release();
    await until('the old one is closed', () => closes.length > 0);
    expect(closes).toEqual(['artefact of 1']);
    await repository.load({ model: 'pumps' });
    expect(await factorOf(repository)).toBe(1);
  });
});
