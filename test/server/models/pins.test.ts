import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { parseServingRules } from '../../../src/server/models/serving-rules.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { scrape } from '../../support/http-client.ts';
import { createModelFolderFixture, tinyRow, type ModelFolder } from '../../support/model-folder.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { until } from '../../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const createFolder = createModelFolderFixture();

/** A folder of pumps in versions 1 and 2; the version's number is the score of `tinyRow(1)`. */
async function writePumps(): Promise<ModelFolder> {
  const folder = await createFolder();
  for (const version of [1, 2]) await folder.write('pumps', String(version), version);
  return folder;
}

async function serveFolder(folder: ModelFolder, modelsPollMs = 0) {
  const { log, lines } = createListeningLog();
  const settings = { model: undefined, models: folder.path, device: 'cpu', adminCalls: true, modelsPollMs };
  const serving = await serve({ openDetector, log, settings });
  const client = connect(serving.addresses.grpc);
  const score = async (choice: object = {}) => (await client.score({ ...tinyRow(1), ...choice })).results[0]!.score;
  const errors = () => lines().filter(({ level }) => Number(level) >= 50);
  return { client, score, errors, scraped: () => scrape(serving.addresses.http) };
}

describe('a pinned version', () => {
  it('answers requests that name none, from the start on; others answer by their name', async () => {
    const folder = await writePumps();
    await folder.rule('pumps', { version: '1' });
    const { client, score } = await serveFolder(folder);
    expect(await score()).toBe(1);
    expect(await score({ modelVersion: '2' })).toBe(2);
    expect(await client.list()).toMatchObject([{ servingVersion: '1', pinnedVersion: '1' }]);
    await folder.write('pumps', '3', 3);
    expect(await client.load('pumps')).toMatchObject({ modelVersion: '1' });
    expect(await score()).toBe(1);
  });

  it('is a way back, and without it the newest answers again, while calls go on', async () => {
    const folder = await writePumps();
    const { score } = await serveFolder(folder, 20);
    expect(await score()).toBe(2);
    await folder.rule('pumps', { version: '1' });
    await until('version 1 answers', async () => (await score()) === 1);
    await folder.rule('pumps', {});
    await until('version 2 answers', async () => (await score()) === 2);
    await folder.rule('pumps', { version: '1' });
    await until('version 1 answers again', async () => (await score()) === 1);
    await rm(join(folder.path, 'pumps', 'serving.json'));
    await until('version 2 answers again', async () => (await score()) === 2);
  });

  it('that there is not, or that fails its self-test, changes nothing while another serves', async () => {
    const folder = await writePumps();
    await folder.writeBroken('pumps', '0');
    const { client, score, errors } = await serveFolder(folder);
    for (const version of ['7', '0']) {
      await folder.rule('pumps', { version });
      await client.load('pumps').catch(() => undefined);
      expect(await score()).toBe(2);
    }
    expect(errors()).toMatchObject([{ version: '0' }]);
  });

  it('that there is not is no leave to answer with another one at the start', async () => {
    const folder = await writePumps();
    await folder.rule('pumps', { version: '7' });
    await expect(serveFolder(folder)).rejects.toThrow(/pinned to version "7" by its serving.json, and there is none/);
  });
});

describe('a serving.json that cannot be used', () => {
  it('ends the start: what it pins is not known', async () => {
    const folder = await writePumps();
    await folder.rule('pumps', '{"version": "1"');
    await expect(serveFolder(folder)).rejects.toThrow(/pumps\/serving.json cannot be used: it is not JSON/);
  });

  it('changes nothing later, and is in the log once', async () => {
    const folder = await writePumps();
    await folder.rule('pumps', { version: '1' });
    const { client, score, errors } = await serveFolder(folder, 20);
    await folder.rule('pumps', { versoin: '2' });
    await until('it is in the log', () => errors().length > 0);
    await folder.write('pumps', '3', 3);
    await until('version 3 is seen', async () => (await client.list())[0]!.versions.length === 3);
    expect(await score()).toBe(1);
    expect(errors().filter(({ msg }) => /Unrecognized key/.test(String(msg))).length).toBeLessThanOrEqual(2);
    await folder.rule('pumps', { version: '3' });
    await until('version 3 answers', async () => (await score()) === 3);
  });

  it('is told what is wrong with it', () => {
    const fault = (text: unknown): string => {
      try {
        parseServingRules('pumps', { text: JSON.stringify(text), unreadable: '' });
      } catch (thrown) {
        return (thrown as Error).message;
      }
      return '';
    };
    expect(fault({ version: '../other/1' })).toMatch(/"version" must be a name/);
    expect(fault({ candidate: { canary: 0.1 } })).toMatch(/"candidate" names neither a version nor another model/);
    expect(fault({ candidate: { version: '2', canary: 5 } })).toMatch(/"candidate.canary"/);
    expect(fault([])).toMatch(/expected object/);
    expect(fault({ version: '1', candidate: { version: '2', canary: 0.1, key: 'tenant' } })).toBe('');
  });

  it('nor be read concerns its own model only, and ListModels and a gauge tell it', async () => {
    const folder = await writePumps();
    await folder.write('fans', '1', 5);
    await mkdir(join(folder.path, 'fans', 'serving.json'));
    const { client, score, scraped } = await serveFolder(folder, 20);
    expect(await score({ model: 'pumps' })).toBe(2);
    await folder.write('pumps', '3', 3);
    await until('version 3 answers', async () => (await score({ model: 'pumps' })) === 3);
    expect((await client.refusal({ ...tinyRow(1), model: 'fans' })).details).toMatch(/fans\/serving.json.*EISDIR/);
    const [fans, pumps] = await client.list();
    expect(fans!.servingFault).toMatch(/cannot be read.*EISDIR/);
    expect(pumps!.servingFault).toBe('');
    expect(await scraped()).toMatch(/^aristarch_model_serving_files_refused 1$/m);
  });

  it('of a model that is not the default one concerns that model only', async () => {
    const folder = await writePumps();
    await folder.write('fans', '1', 5);
    await folder.rule('fans', 'nonsense');
    const { client, score } = await serveFolder(folder);
    expect(await score({ model: 'pumps' })).toBe(2);
    expect((await client.refusal({ ...tinyRow(1), model: 'fans' })).code).toBe(status.FAILED_PRECONDITION);
    expect(await score({ model: 'fans', modelVersion: '1' })).toBe(5);
  });
});
