import { generateKeyPairSync } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { createSignCommand } from '../../../src/scoring/sign-command.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { createSyncCommand } from '../../../src/server/sync-command.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';
import { createModelFolderFixture, tinyRow, type ModelFolder } from '../../support/model-folder.ts';
import { CREDENTIALS, createObjectServerFixture, type ObjectServer } from '../../support/object-server.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { until } from '../../support/until.ts';

const createFolder = createModelFolderFixture();
const startServer = createObjectServerFixture();
const serve = createServeFixture();
const connect = createClientFixture();

interface Store {
  /** What the server shows. */
  readonly remote: ModelFolder;
  /** Where it is copied to. */
  readonly to: string;
  readonly server: ObjectServer;
  readonly sync: (...flags: string[]) => Promise<{ summary: Summary; said: string; exitCode: number }>;
  readonly start: (...flags: string[]) => { signals: EventEmitter; ended: Promise<unknown> };
}
interface Summary {
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly failed: readonly { readonly name: string; readonly code: string; readonly message: string }[];
}

/** A store with pumps 1 and 2 and fans 7, and an empty folder. */
async function createStore(kind: 's3' | 'web' = 's3'): Promise<Store> {
  const [remote, local] = [await createFolder(), await createFolder()];
  for (const [model, version] of [
    ['pumps', 1],
    ['pumps', 2],
    ['fans', 7],
  ] as const)
    await remote.write(model, String(version), version);
  const server = await startServer({ folder: remote.path, kind });
  const from = kind === 's3' ? 's3://bucket/models' : `${server.origin}/models`;
  const env = {
    AWS_ENDPOINT_URL: server.origin,
    AWS_ACCESS_KEY_ID: CREDENTIALS.id,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret,
    AWS_REGION: CREDENTIALS.region,
  };
  const parse = (flags: readonly string[], signals = new EventEmitter()) => {
    const terminal = createListeningTerminal();
    const command = createSyncCommand({ terminal, env, signals });
    const done = command.parseAsync(['--from', from, '--to', local.path, '--json', ...flags], { from: 'user' });
    return { terminal, done, signals };
  };
  return {
    ...{ remote, to: local.path, server },
    sync: async (...flags) => {
      const { terminal, done } = parse(flags);
      await done;
      const said = terminal.err();
      const summary = JSON.parse(terminal.out() || '{}') as Summary;
      return { summary, said, exitCode: terminal.exitCode() ?? 0 };
    },
    start: (...flags) => {
      const { done, signals } = parse(flags);
      return { signals, ended: done };
    },
  };
}

const NOTHING = { added: [], replaced: [], removed: [], unchanged: 0, failed: [] };

describe('sync from S3', () => {
  it('brings every version, signed requests and several pages of the list; the second time nothing', async () => {
    const { to, sync, server } = await createStore();
    const first = await sync('--once');
    expect(first).toMatchObject({
      exitCode: 0,
      summary: { ...NOTHING, added: ['fans/7', 'pumps/1', 'pumps/2'], unchanged: 2 },
    });
    for (const version of ['pumps/1', 'pumps/2', 'fans/7']) await readArtefact(join(to, version));
    expect((await readdir(to)).sort()).toEqual(['.sync', 'fans', 'pumps']);
    const before = server.requests.length;
    expect((await sync()).summary).toEqual({ ...NOTHING, unchanged: 5 });
    expect(server.requests.slice(before).filter((each) => each.includes('.onnx'))).toEqual([]);
  });

  it('says that credentials are not right, and changes nothing', async () => {
    const { to, server } = await createStore();
    const terminal = createListeningTerminal();
    const env = {
      AWS_ENDPOINT_URL: server.origin,
      AWS_ACCESS_KEY_ID: CREDENTIALS.id,
      AWS_SECRET_ACCESS_KEY: 'hunter2',
    };
    const flags = ['--from', 's3://bucket/models', '--to', to];
    await createSyncCommand({ terminal, env }).parseAsync(flags, { from: 'user' });
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.err()).toMatch(/answers 403.*check the address, and the credentials/);
    expect(terminal.err()).not.toContain('hunter2');
    expect(await readdir(to)).toEqual([]);
  });

  it('takes no endpoint with a user or a query, and repeats neither', async () => {
    const { to } = await createStore();
    for (const endpoint of ['http://me:hunter2@minio:9000', 'http://minio:9000?key=hunter2', 'hunter2']) {
      const terminal = createListeningTerminal();
      const flags = ['--from', 's3://bucket/models', '--to', to];
      await createSyncCommand({ terminal, env: { AWS_ENDPOINT_URL: endpoint } }).parseAsync(flags, { from: 'user' });
      expect(terminal.exitCode()).toBe(1);
      expect(terminal.err()).toMatch(/AWS_ENDPOINT_URL is no plain address/);
      expect(terminal.err()).not.toContain('hunter2');
    }
  });

  it('replaces a version that has changed, and removes what is gone only when it is told to', async () => {
    const { remote, to, sync } = await createStore();
    await sync();
    await remote.write('pumps', '2', 9);
    await rm(join(remote.path, 'fans'), { recursive: true });
    expect((await sync()).summary).toMatchObject({ replaced: ['pumps/2'], removed: [] });
    await readArtefact(join(to, 'fans/7'));
    expect((await sync('--delete')).summary).toMatchObject({ replaced: [], removed: ['fans/7'] });
    expect(await readdir(join(to, 'fans'))).toEqual([]);
    await rm(join(remote.path, 'pumps'), { recursive: true });
    const emptied = await sync('--delete');
    expect(emptied).toMatchObject({ exitCode: 1, said: expect.stringMatching(/nothing is removed/) as unknown });
    await readArtefact(join(to, 'pumps/2'));
  });

  it('goes on in the middle of a file where it broke off, also in the next run', async () => {
    const { remote, to, sync, server } = await createStore();
    const critic = await readFile(join(remote.path, 'pumps/1/critic.onnx'));
    let cuts = 0;
    server.intercept = (path, { headers }, response) => {
      if (!path.endsWith('/pumps/1/critic.onnx') || cuts >= 4) return false;
      cuts++;
      // A hundred bytes, then the connection breaks.
      const from = Number(/=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': critic.length - from });
      response.write(critic.subarray(from, from + 100), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    const first = await sync();
    expect(first).toMatchObject({ exitCode: 1, summary: { failed: [{ name: 'pumps/1', code: 'UNAVAILABLE' }] } });
    expect(await readdir(join(to, 'pumps'))).toEqual(['2']);
    expect((await sync()).summary.added).toContain('pumps/1');
    await readArtefact(join(to, 'pumps/1'));
    const asked = server.requests.filter((each) => each.includes('pumps/1/critic.onnx'));
    expect(asked.map((each) => each.split(' ')[2])).toEqual([
      undefined,
      ...[100, 200, 300, 400].map((n) => `bytes=${n}-`),
    ]);
  });

  it('takes what is signed by a trusted key only, where one is given', async () => {
    const { remote, to, sync } = await createStore();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const [key, pub] = [join(to, '..', `${Date.now()}.key`), join(to, '.trusted.pub')];
    await mkdir(to, { recursive: true });
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(pub, publicKey.export({ type: 'spki', format: 'pem' }));
    const sign = ['--model', join(remote.path, 'pumps/1'), '--key', key];
    await createSignCommand(createListeningTerminal()).parseAsync(sign, { from: 'user' });
    await rm(key);
    const { summary, exitCode } = await sync('--trusted-keys', pub);
    expect(exitCode).toBe(1);
    expect(summary.added).toEqual(['pumps/1']);
    expect(summary.failed.map(({ name, code }) => [name, code])).toEqual([
      ['fans/7', 'ARTEFACT_INVALID'],
      ['pumps/2', 'ARTEFACT_INVALID'],
    ]);
    expect(await readdir(join(to, 'pumps/1'))).toContain('manifest.sig');
    // Also of what is there already, as nobody asked for a signature before.
    expect((await sync()).summary.added).toEqual(['fans/7', 'pumps/2']);
    const again = await sync('--trusted-keys', pub);
    expect(again.exitCode).toBe(1);
    expect(again.summary.failed.map(({ name }) => name)).toEqual(['fans/7', 'pumps/2']);
  });

  it('lets nothing appear that is not as its manifest says, that is too large, or whose files have names that lead out', async () => {
    const { remote, to, sync } = await createStore();
    const critic = join(remote.path, 'pumps/1/critic.onnx');
    await writeFile(critic, Buffer.concat([await readFile(critic), Buffer.from('x')]));
    const manifest = join(remote.path, 'pumps/2/manifest.json');
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace('"critic.onnx"', '"../../critic.onnx"'));
    const { summary, exitCode } = await sync();
    expect(exitCode).toBe(1);
    expect(summary.failed.map(({ name, code }) => [name, code])).toEqual([
      ['pumps/1', 'ARTEFACT_INVALID'],
      ['pumps/2', 'ARTEFACT_INVALID'],
    ]);
    expect(summary.failed.map(({ message }) => message).join()).toMatch(/has not the hash.*is no plain file name/);
    expect((await readdir(to)).sort()).toEqual(['.sync', 'fans']);
    await remote.write('pumps', '1', 1);
    const small = await sync('--max-version-bytes', '200');
    expect(small.summary.failed).toMatchObject([{ name: 'pumps/1', code: 'RESOURCE_EXHAUSTED' }, { name: 'pumps/2' }]);
  });

  it('brings serving.json after the versions, and only where all of them came', async () => {
    const { remote, to, sync } = await createStore();
    await remote.rule('pumps', { version: '1' });
    await remote.writeBroken('fans', '8');
    await writeFile(join(remote.path, 'fans/8/critic.onnx'), 'damaged');
    await remote.rule('fans', { version: '8' });
    await sync();
    expect(JSON.parse(await readFile(join(to, 'pumps/serving.json'), 'utf8'))).toEqual({ version: '1' });
    expect((await readdir(join(to, 'fans'))).sort()).toEqual(['7']);
    await remote.rule('pumps', 'nonsense');
    expect((await sync()).summary.failed.map(({ name }) => name)).toEqual(['fans/8', 'pumps/serving.json']);
    expect(JSON.parse(await readFile(join(to, 'pumps/serving.json'), 'utf8'))).toEqual({ version: '1' });
  });
});

describe('sync from a web server', () => {
  it('takes what its index.json names', async () => {
    const { remote, to, sync } = await createStore('web');
    expect((await sync()).said).toMatch(/index\.json answers 404/);
    const terminal = createListeningTerminal();
    await createSyncCommand({ terminal }).parseAsync(['--write-index', remote.path], { from: 'user' });
    expect(terminal.out()).toMatch(/^3 version/);
    expect((await sync()).summary.added).toEqual(['fans/7', 'pumps/1', 'pumps/2']);
    await readArtefact(join(to, 'pumps/2'));
  });

  it('sees no names that lead out of the folder, and refuses an index that is none', async () => {
    const { remote, to, sync } = await createStore('web');
    const index = join(remote.path, 'index.json');
    await writeFile(index, JSON.stringify({ models: { pumps: ['1', '../../evil', '.'], '..': ['1'], 'a/b': ['1'] } }));
    expect((await sync()).summary).toMatchObject({ added: ['pumps/1'], failed: [] });
    expect((await readdir(to)).sort()).toEqual(['.sync', 'pumps']);
    await writeFile(index, '{"models": 7}');
    expect(await sync()).toMatchObject({ exitCode: 1, said: expect.stringMatching(/no list of models/) as unknown });
  });
});

describe('sync beside a server', () => {
  it('goes on until it is told to end, through faults, and the server sees each change', async () => {
    const { remote, to, start, server } = await createStore();
    await mkdir(to, { recursive: true });
    const settings = { model: undefined, models: to, defaultModel: undefined, device: 'cpu', modelsPollMs: 20 };
    const { addresses } = await serve({ openDetector, settings });
    const client = connect(addresses.grpc);
    const versionOf = () =>
      client.score({ ...tinyRow(1), model: 'pumps' }).then(
        ({ modelVersion }) => modelVersion,
        () => '',
      );
    const { signals, ended } = start('--every', '1');
    await until('version 2 answers', async () => (await versionOf()) === '2', 60_000);
    server.intercept = (_path, _request, response) => {
      response.writeHead(500).end();
      return true;
    };
    await remote.rule('pumps', { version: '1' });
    const asked = server.requests.length;
    await until('it was asked in vain', () => server.requests.length >= asked + 3, 60_000);
    expect(await versionOf()).toBe('2');
    server.intercept = () => false;
    await until('version 1 answers', async () => (await versionOf()) === '1', 60_000);
    signals.emit('SIGTERM');
    await ended;
  });

  it.each([['SIGTERM'], ['SIGHUP']])(
    'ends in the middle of a file on %s, and the next run goes on from there',
    async (signal) => {
      const { remote, to, start, sync, server } = await createStore();
      const file = await readFile(join(remote.path, 'fans', '7', 'critic.onnx'));
      server.intercept = (path, _request, response) => {
        if (!path.endsWith('.onnx')) return false;
        response.writeHead(200, { 'content-length': file.length });
        response.write(file.subarray(0, 100));
        return true;
      };
      const { signals, ended } = start('--every', '3600');
      const part = join(to, '.sync', 'fans', '7', 'critic.onnx.part');
      await until(
        'a part of the file has come',
        async () => (await readFile(part, 'utf8').catch(() => '')) !== '',
        60_000,
      );
      signals.emit(signal, signal);
      await ended;
      expect(signals.eventNames()).toEqual([]);
      expect(await readdir(to)).toEqual(['.sync']);
      server.intercept = () => false;
      expect(await sync('--once')).toMatchObject({ exitCode: 0, summary: { added: ['fans/7', 'pumps/1', 'pumps/2'] } });
      expect(server.requests).toContain('GET /bucket/models/fans/7/critic.onnx bytes=100-');
    },
  );
});
