import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { choiceOf, routeByField, type RoutedRecords } from '../../../src/server/models/by-key.ts';
import type { Lease, Models } from '../../../src/server/models/port.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { createModelFolderFixture } from '../../support/model-folder.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { openRepository, refreshTwice } from './real-repository.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const createFolder = createModelFolderFixture();

/** Models `a`, `b` and a default one; says which are held, and fails for others with the given code. */
function createModels(code: 'NOT_FOUND' | 'ARTEFACT_INVALID' | 'UNAVAILABLE' = 'NOT_FOUND') {
  const held: string[] = [];
  const asked: string[] = [];
  const acquire = ({ model = '' }): Lease => {
    asked.push(model);
    if (!['', 'a', 'b'].includes(model)) throw new AristarchError(code, `no ${model}`);
    held.push(model);
    const opened = toOpenModel(createNumberDetector());
    return {
      model: { ...opened, description: { ...opened.description, name: model } },
      release: () => void held.splice(held.indexOf(model), 1),
    };
  };
  return { held, asked, models: { acquire } as Pick<Models, 'acquire'> };
}

describe('the model that a field of a record names', () => {
  it('is its value as a text, and the default one where it is missing', () => {
    expect(choiceOf({ tenant: 'a' }, 'tenant')).toEqual({ model: 'a' });
    expect(choiceOf({ tenant: 7 }, 'tenant')).toEqual({ model: '7' });
    expect(choiceOf({ tenant: null }, 'tenant')).toEqual({});
    expect(choiceOf({}, 'tenant')).toEqual({});
    expect(() => choiceOf({ tenant: true }, 'tenant')).toThrow(/is a boolean: send the model's name/);
  });

  it('is found once for all records that name it, and one is held at a time', async () => {
    const { models, asked, held } = createModels();
    const records = ['b', 'a', null, 'b', 'c', {}, 'a'].map((tenant) => ({ tenant }));
    const parts: unknown[] = [];
    const refused: unknown[] = [];
    let mostHeld = 0;
    for await (const routed of routeByField(models, records, 'tenant')) {
      mostHeld = Math.max(mostHeld, held.length);
      parts.push(...routed.parts.map(({ model, places }) => [model.description.name, places]));
      refused.push(...routed.refused.map(({ place, reason }) => [place, reason.code]));
      routed.release();
    }
    expect(parts).toEqual([
      ['b', [0, 3]],
      ['a', [1, 6]],
      ['', [2]],
    ]);
    expect(refused).toEqual([
      [5, 'INVALID_INPUT'],
      [4, 'NOT_FOUND'],
    ]);
    expect(asked).toEqual(['b', 'a', '', 'c']);
    expect([mostHeld, held]).toEqual([1, []]);
  });

  it('refuses the records of a broken model only, but all where nothing can be had at present', async () => {
    const records = [{ tenant: 'a' }, { tenant: 'c' }];
    const [first, second] = await readAll(routeByField(createModels('ARTEFACT_INVALID').models, records, 'tenant'));
    expect(first).toMatchObject({ parts: [{ places: [0] }], refused: [] });
    expect(second).toMatchObject({ parts: [], refused: [{ place: 1, reason: { code: 'ARTEFACT_INVALID' } }] });
    const { models, held } = createModels('UNAVAILABLE');
    await expect(readAll(routeByField(models, records, 'tenant'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(held).toEqual([]);
  });
});

describe('a model of a repository that a field names', () => {
  const places = async (...route: Parameters<typeof routeByField>): Promise<unknown> =>
    (await readAll(routeByField(...route))).map(({ parts, refused }) => [
      ...parts.map(({ places: own }) => own),
      ...refused.map(({ reason }) => reason.code),
    ]);

  it('is waited for while it is unloaded, and records that name none of the models are not', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 2);
    const { repository } = await openRepository(folder.path);
    const records = ['pumps', 'valves', 'fans'].map((machine) => ({ machine }));
    expect(await places(repository, records, 'machine')).toEqual([[[0]], ['NOT_FOUND'], [[2]]]);
    repository.unload('fans');
    await expect(places(repository, records, 'machine')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await repository.load({ model: 'fans' });
    expect(await places(repository, records, 'machine')).toEqual([[[0]], ['NOT_FOUND'], [[2]]]);
  });

  it('is not waited for where it will not serve before its files change', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 2);
    await writeFile(join(folder.path, 'fans', 'serving.json'), '{"version": "7"}');
    const { repository } = await openRepository(folder.path);
    const records = ['fans', 'pumps'].map((machine) => ({ machine }));
    expect(await places(repository, records, 'machine')).toEqual([['PRECONDITION_FAILED'], [[1]]]);
  });

  it.each([
    ['its folder', (folder: string) => folder],
    ['its only version', (folder: string) => join(folder, '1', 'notes.txt')],
  ])('is waited for where %s cannot be read at present', async (_, pathOf) => {
    const folder = await createFolder();
    await folder.write('fans', '1', 2);
    const path = pathOf(join(folder.path, 'pumps'));
    if (path.endsWith('notes.txt')) await folder.write('pumps', '1', 1);
    // A link to itself is there and cannot be read, for root as well.
    await symlink(path, path);
    const { repository } = await openRepository(folder.path);
    const records = [{ machine: 'pumps' }];
    await expect(places(repository, records, 'machine')).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/model "pumps" .*cannot be read \(ELOOP/) as unknown,
    });
    await rm(path);
    await folder.write('pumps', '1', 1);
    await refreshTwice(repository);
    expect(await places(repository, records, 'machine')).toEqual([[[0]]]);
  });
});

async function readAll(routes: AsyncIterable<RoutedRecords>): Promise<RoutedRecords[]> {
  const all: RoutedRecords[] = [];
  for await (const routed of routes) {
    all.push(routed);
    routed.release();
  }
  return all;
}

describe('a request that names no model', () => {
  const record = (machine: string, amount: number) => ({
    fields: { machine: { text: machine }, amount: { number: amount }, colour: { text: 'red' }, paid: { flag: false } },
  });

  it('goes to the model that its records name; several are refused', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 1);
    await folder.write('fans', '1', 2);
    const settings = { model: undefined, models: folder.path, device: 'cpu', modelField: 'machine', modelsPollMs: 0 };
    const client = connect((await serve({ openDetector, settings })).addresses.grpc);
    const ask = (...records: unknown[]) => ({ records: { records } });
    expect(await client.score(ask(record('pumps', 3), record('pumps', 4)))).toMatchObject({
      ...{ model: 'pumps', results: [{ score: 3 }, { score: 4 }] },
    });
    expect(await client.score(ask(record('fans', 3)))).toMatchObject({ model: 'fans', results: [{ score: 6 }] });
    expect(await client.score({ ...ask(record('fans', 3)), model: 'pumps' })).toMatchObject({ model: 'pumps' });
    expect(await client.refusal(ask(record('pumps', 3), record('fans', 3)))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/name 2: send a request for each/) as unknown,
    });
    expect(await client.refusal(ask(record('../pumps', 3)))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await client.refusal(ask(record('valves', 3)))).toMatchObject({ code: status.NOT_FOUND });
  });
});
