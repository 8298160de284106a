import { mkdir } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { get, scrape } from '../../support/http-client.ts';
import { createModelFolderFixture, tinyRow } from '../../support/model-folder.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { until } from '../../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const createFolder = createModelFolderFixture();

/** A server of a folder with pumps (versions 1 and 2) and fans (version 7); each version's score of `tinyRow(1)` is its number. */
async function serveMany(settings: Readonly<Record<string, unknown>> = {}) {
  const folder = await createFolder();
  for (const [model, version] of [
    ['pumps', '1'],
    ['pumps', '2'],
    ['fans', '7'],
  ] as const) {
    await folder.write(model, version, Number(version));
  }
  const models = { model: undefined, models: folder.path, device: 'cpu', defaultModel: 'pumps', modelsPollMs: 0 };
  const serving = await serve({ openDetector, settings: { ...models, ...settings } });
  return { folder, serving, client: connect(serving.addresses.grpc) };
}

const NEVER_CALLED = {
  code: status.FAILED_PRECONDITION,
  details: expect.stringMatching(/--admin-calls on/) as unknown,
};

describe('many models over gRPC', () => {
  it('answer by name and version, and say which they are', async () => {
    const { client } = await serveMany();
    const score = async (choice: object) => {
      const { results, model, modelVersion } = await client.score({ ...tinyRow(1), ...choice });
      return [results[0]!.score, model, modelVersion];
    };
    expect(await score({})).toEqual([2, 'pumps', '2']);
    expect(await score({ model: 'pumps' })).toEqual([2, 'pumps', '2']);
    expect(await score({ modelVersion: '1' })).toEqual([1, 'pumps', '1']);
    expect(await score({ model: 'fans', modelVersion: '7' })).toEqual([7, 'fans', '7']);
    expect(await client.describe('fans')).toMatchObject({ modelVersion: '7', artefactVersion: 'artefact of 7' });
  });

  it('refuse what is not there, and what leaves the folder', async () => {
    const { client } = await serveMany();
    const codeOf = async (choice: object) => (await client.refusal({ ...tinyRow(1), ...choice })).code;
    expect(await codeOf({ model: 'valves' })).toBe(status.NOT_FOUND);
    expect(await codeOf({ modelVersion: '3' })).toBe(status.NOT_FOUND);
    expect(await codeOf({ model: '../pumps' })).toBe(status.INVALID_ARGUMENT);
    expect(await codeOf({ modelVersion: '../../pumps/1' })).toBe(status.INVALID_ARGUMENT);
  });

  it('need a name where there is no default', async () => {
    const { client, serving } = await serveMany({ defaultModel: undefined });
    expect(serving.model).toBeUndefined();
    expect(await client.refusal(tinyRow(1))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect((await client.score({ ...tinyRow(1), model: 'fans' })).results[0]!.score).toBe(7);
    expect((await get(serving.addresses.http, '/')).status).toBe(503);
    expect((await get(serving.addresses.http, '/readyz')).status).toBe(200);
  });

  it('are listed', async () => {
    const { client } = await serveMany();
    const version = (name: string, state: string) => ({ version: name, state, reason: '' });
    expect(await client.list()).toEqual([
      {
        ...{
          model: 'fans',
          servingVersion: '',
          isDefault: false,
          unloaded: false,
          pinnedVersion: '',
          servingFault: '',
        },
        versions: [version('7', 'available')],
      },
      {
        ...{
          model: 'pumps',
          servingVersion: '2',
          isDefault: true,
          unloaded: false,
          pinnedVersion: '',
          servingFault: '',
        },
        versions: [version('1', 'available'), version('2', 'loaded')],
      },
    ]);
  });

  it('are loaded and unloaded on a call, where that was allowed', async () => {
    const { client, folder } = await serveMany({ adminCalls: true });
    await folder.write('pumps', '3', 3);
    expect(await client.load('pumps')).toMatchObject({ model: 'pumps', modelVersion: '3' });
    expect((await client.score(tinyRow(1))).results[0]!.score).toBe(3);
    await folder.writeBroken('pumps', '4');
    // What serves afterwards is the answer; why the newest does not is in the list.
    expect(await client.load('pumps')).toMatchObject({ modelVersion: '3' });
    await expect(client.load('pumps', '4')).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    await client.unload('fans');
    expect(await client.refusal({ ...tinyRow(1), model: 'fans' })).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'model "fans" was unloaded; LoadModel brings it back',
    });
    await client.load('fans');
    expect((await client.score({ ...tinyRow(1), model: 'fans' })).results[0]!.score).toBe(7);
  });

  it('are not where it was not, nor where there is one model for good', async () => {
    const { client } = await serveMany();
    await expect(client.load('pumps')).rejects.toMatchObject(NEVER_CALLED);
    await expect(client.unload('pumps')).rejects.toMatchObject(NEVER_CALLED);
    const single = connect((await serve({ settings: { adminCalls: true } })).addresses.grpc);
    await expect(single.unload('double')).rejects.toMatchObject({ details: expect.stringMatching(/--model/) });
    expect(await single.list()).toMatchObject([{ model: 'double', isDefault: true, versions: [{ state: 'loaded' }] }]);
  });

  it('change while the server runs and calls go on, without one that fails', async () => {
    const { client, folder, serving } = await serveMany({ modelsPollMs: 20 });
    const seen = new Set<number>();
    let running = true;
    const call = async (): Promise<void> => {
      while (running) seen.add((await client.score(tinyRow(1))).results[0]!.score);
    };
    const callers = [call(), call(), call()];
    for (const version of [3, 4, 5]) {
      await folder.write('pumps', String(version), version);
      await until(`version ${version} answers`, () => seen.has(version));
    }
    running = false;
    await Promise.all(callers);
    expect([...seen]).toEqual([2, 3, 4, 5]);
    const text = await scrape(serving.addresses.http);
    expect(text).toMatch(/^aristarch_model_info\{name="pumps",version="5",family="wgan-gp",inference="inline"\} 1$/m);
    expect(text).not.toMatch(/version="4"/);
    expect(text).toMatch(/^aristarch_model_loads_total\{outcome="OK"\} 4$/m);
    expect(text).toMatch(/^aristarch_models_open 1$/m);
  });
});

describe('a folder without models', () => {
  it('serves none, until one comes', async () => {
    const folder = await createFolder();
    await mkdir(folder.path, { recursive: true });
    const settings = { model: undefined, models: folder.path, device: 'cpu', modelsPollMs: 20 };
    const serving = await serve({ openDetector, settings });
    const client = connect(serving.addresses.grpc);
    expect(await client.refusal(tinyRow(1))).toMatchObject({ code: status.INVALID_ARGUMENT });
    await folder.write('pumps', '1', 1);
    await until('the model is there', async () => (await client.list()).length === 1);
    expect((await client.score(tinyRow(1))).results[0]!.score).toBe(1);
    expect((await get(serving.addresses.http, '/')).status).toBe(200);
  });
});
