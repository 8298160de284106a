import { generateKeyPairSync } from 'node:crypto';
import { appendFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createSignCommand } from '../../../src/scoring/sign-command.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { pruneModels } from '../../../src/server/models/prune.ts';
import { createPruneCommand } from '../../../src/server/prune-command.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';
import { createModelFolderFixture, type ModelFolder, tinyRow } from '../../support/model-folder.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { waitUntil } from '../../support/wait-until.ts';

const createFolder = createModelFolderFixture();
const serve = createServeFixture();
const connect = createClientFixture();

interface Summary {
  readonly removed: readonly string[];
  readonly kept: number;
  readonly uncounted: readonly { readonly name: string; readonly code: string; readonly message: string }[];
  readonly failed: readonly unknown[];
  readonly dryRun: boolean;
}

async function prune({ path }: ModelFolder, ...flags: string[]) {
  const terminal = createListeningTerminal();
  await createPruneCommand({ terminal, env: {} }).parseAsync(['--models', path, '--json', ...flags], { from: 'user' });
  const summary = JSON.parse(terminal.out() || '{}') as Summary;
  return { summary, said: terminal.err(), exitCode: terminal.exitCode() ?? 0 };
}

/** A folder with the models' versions 1 to `last`. */
async function createVersions(models: Readonly<Record<string, number>>): Promise<ModelFolder> {
  const folder = await createFolder();
  for (const [model, last] of Object.entries(models)) {
    for (let version = 1; version <= last; version++) await folder.write(model, String(version), version);
  }
  return folder;
}

const namesIn = async ({ path }: ModelFolder, model: string): Promise<string[]> =>
  (await readdir(join(path, model))).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

describe('prune', () => {
  it('leaves the newest versions of each model, in the order of people, and says which it removed', async () => {
    const folder = await createVersions({ pumps: 11, fans: 1 });
    const { summary, exitCode } = await prune(folder, '--keep', '3');
    const removed = Array.from({ length: 8 }, (_, place) => `pumps/${place + 1}`);
    expect(summary).toEqual({ removed, kept: 4, uncounted: [], failed: [], dryRun: false });
    expect(exitCode).toBe(0);
    expect(await namesIn(folder, 'pumps')).toEqual(['9', '10', '11']);
    expect(await namesIn(folder, 'fans')).toEqual(['1']);
  });

  it('removes nothing in a dry run, and of the named models alone otherwise', async () => {
    const folder = await createVersions({ pumps: 3, fans: 3 });
    const { summary } = await prune(folder, '--keep', '1', '--model', 'fans', '--dry-run');
    expect(summary).toMatchObject({ removed: ['fans/1', 'fans/2'], kept: 4, dryRun: true });
    expect(await namesIn(folder, 'fans')).toEqual(['1', '2', '3']);
    await prune(folder, '--keep', '1', '--model', 'fans');
    expect([await namesIn(folder, 'fans'), await namesIn(folder, 'pumps')]).toEqual([['3'], ['1', '2', '3']]);
  });

  it('leaves what a serving.json names: the pinned version, and candidates, of another model too', async () => {
    const folder = await createVersions({ pumps: 6, fans: 4 });
    await folder.rule('pumps', { version: '2', candidate: { version: '3', shadow: 1 } });
    await folder.rule('fans', { candidate: { model: 'pumps', version: '4', canary: 0.1 } });
    const { summary } = await prune(folder, '--keep', '1');
    expect(summary.removed).toEqual(['pumps/1', 'pumps/5', 'fans/1', 'fans/2', 'fans/3'].toSorted(byModel));
    expect(await namesIn(folder, 'pumps')).toEqual(['2', '3', '4', '6', 'serving.json']);
  });

  it('leaves what is named while it looks, wherever the folder is said to be', async () => {
    const folder = await createVersions({ pumps: 4, fans: 1 });
    const { removed } = await pruneModels({
      ...{ root: relative(process.cwd(), folder.path), keep: 1, isDryRun: false },
      prove: async () => {
        await folder.rule('pumps', { version: '2' });
        await folder.rule('fans', { candidate: { model: 'pumps', version: '3', shadow: 1 } });
      },
    });
    expect(removed).toEqual(['pumps/1']);
    expect(await namesIn(folder, 'pumps')).toEqual(['2', '3', '4', 'serving.json']);
  });

  it('leaves what a link leads to that is named while it looks', async () => {
    const folder = await createVersions({ pumps: 4 });
    await symlink('1', join(folder.path, 'pumps/0.9'));
    const prove = () => folder.rule('pumps', { version: '0.9' });
    const { removed } = await pruneModels({ root: folder.path, keep: 2, isDryRun: false, prove });
    expect(removed).toEqual(['pumps/2']);
    expect(await namesIn(folder, 'pumps')).toEqual(['0.9', '1', '3', '4', 'serving.json']);
  });

  it('counts a link and what it leads to as one', async () => {
    const folder = await createVersions({ pumps: 3 });
    await symlink('3', join(folder.path, 'pumps/latest'));
    expect((await prune(folder, '--keep', '2')).summary.removed).toEqual(['pumps/1']);
  });

  it('counts what can be served alone: with newer ones that cannot, the version that serves stays', async () => {
    const folder = await createVersions({ pumps: 4 });
    await appendFile(join(folder.path, 'pumps/4/critic.onnx'), 'x');
    await folder.writeBroken('pumps', '5');
    const { summary } = await prune(folder, '--keep', '2');
    expect(summary.removed).toEqual(['pumps/1']);
    expect(summary.uncounted).toMatchObject([
      { name: 'pumps/5', code: 'ARTEFACT_INVALID', message: expect.stringContaining('NaN') },
      { name: 'pumps/4', code: 'ARTEFACT_INVALID', message: expect.stringContaining('critic.onnx') },
    ]);
    expect(await namesIn(folder, 'pumps')).toEqual(['2', '3', '4', '5']);
    expect((await prune(folder, '--keep', '3')).summary.removed).toEqual([]);
  });

  it('counts signed versions alone where keys are trusted, and those that keep the rate where one is given', async () => {
    const folder = await createVersions({ pumps: 4 });
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const [key, trusted] = [join(folder.path, '.key.pem'), join(folder.path, '.public.pem')];
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(trusted, publicKey.export({ type: 'spki', format: 'pem' }));
    const terminal = createListeningTerminal();
    const sign = ['--model', join(folder.path, 'pumps/2'), '--key', key];
    await createSignCommand(terminal).parseAsync(sign, { from: 'user' });
    const { summary } = await prune(folder, '--keep', '1', '--trusted-keys', trusted, '--dry-run');
    expect(summary.removed).toEqual(['pumps/1']);
    const strict = await prune(folder, '--keep', '1', '--false-positive-rate', '0.000001');
    expect(strict.summary).toMatchObject({
      removed: [],
      uncounted: [4, 3, 2, 1].map(() => ({ code: 'RATE_UNSUPPORTED' })),
    });
  });

  it('counts versions that can explain alone, where the server will be asked to', async () => {
    const folder = await createVersions({ pumps: 3 });
    const { summary } = await prune(folder, '--keep', '1', '--explain-top-k', '3');
    expect(summary).toMatchObject({
      removed: [],
      kept: 3,
      uncounted: [3, 2, 1].map(() => ({ code: 'PRECONDITION_FAILED' })),
    });
    expect((await prune(folder, '--keep', '1', '--explain-top-k', '0')).summary.removed).toEqual([
      'pumps/1',
      'pumps/2',
    ]);
  });

  it('says whose files are still there, though no server sees them, and does not count these as left', async () => {
    const folder = await createVersions({ pumps: 4 });
    await mkdir(join(folder.path, 'pumps/.pruned-earlier'));
    const kept: string[] = [];
    const parts = { root: folder.path, keep: 2, isDryRun: false, prove: () => Promise.resolve() };
    const summary = await pruneModels({
      ...parts,
      removeFiles: (path) => {
        if (kept.push(path) === 1) return rm(path, { recursive: true });
        throw Object.assign(new Error('EBUSY: resource busy'), { code: 'EBUSY' });
      },
    });
    expect(summary).toMatchObject({ removed: ['pumps/1', 'pumps/2'], kept: 2 });
    expect(summary.failed).toHaveLength(2);
    for (const { error } of summary.failed)
      expect(error.message).toMatch(
        /no server sees it any more, and its files are still there, in .*\.pruned-.*EBUSY.*the next run tries again/,
      );
    expect(summary.failed.every(({ name }) => /^pumps\/(1|2|\.pruned-earlier)$/.test(name))).toBe(true);
    expect(await pruneModels(parts)).toEqual({ removed: [], kept: 2, uncounted: [], failed: [] });
    expect(await namesIn(folder, 'pumps')).toEqual(['3', '4']);
  });

  it('removes nothing at all where it is not known what is needed', async () => {
    const folder = await createVersions({ pumps: 3, fans: 3 });
    expect(await prune(folder, '--keep', '1', '--model', 'pump')).toMatchObject({
      exitCode: 1,
      said: expect.stringMatching(/there is no model \\"pump\\" in that folder. Did you mean \\"pumps\\"\?/),
    });
    await folder.rule('fans', '{"version":');
    const refused = await prune(folder, '--keep', '1', '--model', 'pumps');
    expect(refused).toMatchObject({
      exitCode: 1,
      said: expect.stringContaining('fans/serving.json cannot be used'),
    });
    expect(await namesIn(folder, 'pumps')).toEqual(['1', '2', '3']);
    const terminal = createListeningTerminal();
    await createPruneCommand({ terminal, env: {} }).parseAsync(['--models', folder.path], { from: 'user' });
    expect(terminal.err()).toContain('prune needs --models <folder> and --keep <count>');
    await createPruneCommand({ terminal, env: {} }).parseAsync(['--models', folder.path, '--keep', '0'], {
      from: 'user',
    });
    expect(terminal.err()).toContain('a whole number of at least 1 is needed');
  });

  it('leaves what a version that stays is a link to, and what is being written; takes away what an earlier run left', async () => {
    const folder = await createVersions({ pumps: 4, fans: 1 });
    const at = (name: string): string => join(folder.path, name);
    await symlink(at('pumps/2'), at('fans/2'));
    for (const name of ['.5.tmp-1', '.pruned-1']) await mkdir(at(`pumps/${name}`));
    const { summary } = await prune(folder, '--keep', '2');
    expect(summary.removed).toEqual(['pumps/1']);
    expect((await readdir(at('pumps'))).toSorted()).toEqual(['.5.tmp-1', '2', '3', '4']);
  });

  it('is not noticed by callers of a service over the same folder', async () => {
    const folder = await createVersions({ pumps: 3 });
    await folder.rule('pumps', { version: '2' });
    const settings = { model: undefined, models: folder.path, defaultModel: 'pumps', device: 'cpu', modelsPollMs: 20 };
    const client = connect((await serve({ settings, openDetector })).addresses.grpc);
    const scoreOf = async (version?: string): Promise<number> =>
      (await client.score({ ...(version !== undefined && { modelVersion: version }), model: 'pumps', ...tinyRow(1) }))
        .results[0]!.score;
    expect(await scoreOf('1')).toBe(1);
    expect((await prune(folder, '--keep', '1')).summary.removed).toEqual(['pumps/1']);
    await waitUntil('the version to be gone', () =>
      scoreOf('1').then(
        () => false,
        () => true,
      ),
    );
    expect([await scoreOf(), await scoreOf('3')]).toEqual([2, 3]);
  });
});

/** Models by name, versions as they are. */
const byModel = (a: string, b: string): number => a.split('/')[0]!.localeCompare(b.split('/')[0]!);
