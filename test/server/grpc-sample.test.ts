import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createRawClientFixture, type SampleStream } from '../support/grpc-client.ts';
import { createSamplingFixture, hasEnded, readAll, SAMPLE_METHOD, watchedSampler } from '../support/grpc-sampling.ts';
import { scrape } from '../support/http-client.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { useTinyModel } from '../support/train-tiny.ts';

const model = useTinyModel({ condition: ['colour', 'items'] });
const files = useDataFolder();
const start = createSamplingFixture(model);
const connectRaw = createRawClientFixture();

describe('Sample', () => {
  it('counts the rows of conditions against the rate of a client, and none of a request that is refused', async () => {
    const { client } = await start({ settings: { rateLimitRows: 1, maxSampleRows: 1000 } });
    const refused = await readAll(client.raw.sample({ count: 1001 }));
    expect(refused.error?.details).toContain('raise --max-sample-rows');
    const green = { fields: { colour: { text: 'green' }, items: { number: 3 } } };
    const conditionRows = { records: Array.from({ length: 300 }, () => green) };
    expect((await readAll(client.raw.sample({ conditionRows }))).records).toHaveLength(300);
    const { error, records } = await readAll(client.raw.sample({ conditionRows }));
    expect(records).toHaveLength(0);
    expect(error?.details).toContain('asks for more than the 1 rows a second');
  });

  it('refuses long names and texts, and does not repeat them', async () => {
    const { client } = await start({ settings: { maxTextBytes: 100 } });
    const long = 'x'.repeat(101);
    const condition = { fields: { colour: { text: long } } };
    const requests = [
      { count: 1, model: long },
      { count: 1, condition },
      { count: 1, condition: { fields: { [long]: { number: 1 } } } },
      { conditionRows: { records: [{ fields: {} }, condition] } },
    ];
    for (const request of requests) {
      const { error } = await readAll(client.raw.sample(request));
      expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(error?.details).toMatch(/has 101 bytes and the limit is 100/);
      expect(error?.details).not.toContain(long);
    }
  });

  it('streams the rows that the sample command writes for the same seed, in the same units and types', async () => {
    const out = files.path('same.ndjson');
    const args = ['--model', model().folder, '--device', 'cpu', '--count', '600', '--seed', '7', '--out', out];
    await createSampleCommand(createListeningTerminal()).parseAsync(args, { from: 'user' });
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
    const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const { serving, client } = await start();
    const { records, pieces, error } = await readAll(client.raw.sample({ count: 600, seed: 7 }));
    expect(error).toBeUndefined();
    expect(records).toEqual(
      written.map((record) => ({ ...record, at: new Date(`${String(record['at'])}Z`).toISOString() })),
    );
    expect(pieces.map(({ firstRow }) => firstRow)).toEqual([0, 256, 512]);
    expect(pieces[0]).toMatchObject({ model: 'orders', modelVersion: serving.model!.version });
    expect(await scrape(serving.addresses.http)).toContain('aristarch_rows_sampled_total 600');
    expect(await hasEnded(serving, 'OK')).toBe(true);
  });

  it('goes on from any row, has the seed 1 where none is given, and other rows for other seeds', async () => {
    const { client } = await start();
    const all = await readAll(client.raw.sample({ count: 700, seed: 1 }));
    const rest = await readAll(client.raw.sample({ count: 400, firstRow: 300 }));
    expect(rest.records).toEqual(all.records.slice(300));
    expect(rest.pieces[0]!.firstRow).toBe(300);
    const other = await readAll(client.raw.sample({ count: 700, seed: -1 }));
    expect(other.records).not.toEqual(all.records);
  });

  it('answers records that Score takes back', async () => {
    const { client } = await start();
    const { pieces } = await readAll(client.raw.sample({ count: 50 }));
    const { results } = await client.score({ records: { records: pieces[0]!.records } });
    expect(results).toHaveLength(50);
  });

  it('makes rows for a given condition, and says in DescribeModel which fields can be one', async () => {
    const { client } = await start();
    const condition = { fields: { colour: { text: 'green' }, items: { number: 3 } } };
    const { records } = await readAll(client.raw.sample({ count: 300, condition }));
    expect(new Set(records.map(({ colour, items }) => `${String(colour)} ${String(items)}`))).toEqual(
      new Set(['green 3']),
    );
    const { fields } = await client.describe();
    expect(fields.filter((field) => field.condition).map(({ name }) => name)).toEqual(['items', 'colour']);
  });

  it('makes rows for a condition each, from the start again where more rows are asked for', async () => {
    const { client } = await start();
    const given = (['red', 'blue', 'green'] as const).map((colour, index) => ({
      fields: { colour: { text: colour }, items: { number: index + 1 } },
    }));
    const few = await readAll(client.raw.sample({ conditionRows: { records: given } }));
    expect(few.records.map(({ colour, items }) => [colour, items])).toEqual([
      ['red', 1],
      ['blue', 2],
      ['green', 3],
    ]);
    const many = await readAll(client.raw.sample({ count: 500, conditionRows: { records: given } }));
    expect(many.records.slice(498).map(({ colour }) => colour)).toEqual(['red', 'blue']);
  });

  it.each([
    [{ count: 0 }, status.INVALID_ARGUMENT, 'count is 0: ask for at least one row'],
    [{ count: 2 ** 40 }, status.RESOURCE_EXHAUSTED, 'the limit is 1000; ask for the others by first_row'],
    [{ count: 1001 }, status.RESOURCE_EXHAUSTED, 'raise --max-sample-rows'],
    [{ count: 5, model: 'other' }, status.NOT_FOUND, 'model "other" is not served here'],
    [{ count: 5, seed: '9223372036854775807' }, status.INVALID_ARGUMENT, 'give a whole number'],
    [{ count: 5, firstRow: '18446744073709551615' }, status.INVALID_ARGUMENT, 'firstRow is 18446744073709552000'],
    [{ count: 5, condition: { fields: { color: { text: 'red' } } } }, status.INVALID_ARGUMENT, 'mean "colour"?'],
    [{ count: 5, condition: { fields: { colour: { text: 'rad' } } } }, status.INVALID_ARGUMENT, 'never saw'],
    [{ count: 5, condition: { fields: { items: { text: 'x' } } } }, status.INVALID_ARGUMENT, 'cannot be the number'],
    [{ count: 5, conditionRows: {} }, status.INVALID_ARGUMENT, 'condition_rows has no records'],
    [
      { count: 5, conditionRows: { records: [{ fields: { colour: { text: 'red' } } }] } },
      status.INVALID_ARGUMENT,
      'record 0 has no field "items"',
    ],
    [
      { count: 5, conditionRows: { records: [{ fields: { colour: { text: 'red' }, items: { number: 1.5 } } }] } },
      status.INVALID_ARGUMENT,
      '"items" in row 1 is 1.5',
    ],
  ])('refuses %j', async (request, code, details) => {
    const { client, serving } = await start({ settings: { maxSampleRows: 1000 } });
    const { pieces, error } = await readAll(client.raw.sample(request));
    expect(pieces).toEqual([]);
    expect(error?.code).toBe(code);
    expect(error?.details).toContain(details);
    expect(await hasEnded(serving, 'OK')).toBe(false);
  });

  it('refuses bytes that are no message', async () => {
    const { serving } = await start();
    const broken = { Sample: { ...SAMPLE_METHOD, requestSerialize: () => Buffer.from([0xff, 0xff]) } };
    const client = connectRaw(serving.addresses.grpc, broken) as unknown as {
      Sample(request: object): SampleStream;
    };
    const { error } = await readAll(client.Sample({}));
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.details).toContain('no valid request of /aristarch.v1.Aristarch/Sample');
  });
});

describe('a model without a generator', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'aristarch-grpc-sample-'));
  });
  afterAll(() => rm(home, { recursive: true }));

  it('is served all the same, and refuses to sample, saying why', async () => {
    const folder = await writeTinyModel(join(home, 'without'));
    const { client } = await start({ settings: { model: folder } });
    const { error } = await readAll(client.raw.sample({ count: 1 }));
    expect(error?.code).toBe(status.FAILED_PRECONDITION);
    expect(error?.details).toContain('has no generator.onnx: it was trained with --no-generator');
    expect(error?.metadata.get('aristarch-code')).toEqual(['PRECONDITION_FAILED']);
    expect((await client.describe()).model).toBe('tiny');
  });

  it('gives no rows of another version than the one that scores', async () => {
    const { seen, open } = watchedSampler();
    const openOther = async (folder: string) => {
      const sampler = await open(folder);
      return { ...sampler, description: { ...sampler.description, version: 'newer' } };
    };
    const { client } = await start({ openSampler: openOther });
    const { error } = await readAll(client.raw.sample({ count: 1 }));
    expect(error?.code).toBe(status.FAILED_PRECONDITION);
    expect(error?.details).toContain('its folder now holds newer: start the server anew');
    expect(seen).toMatchObject({ opened: 1, closed: 1 });
  });
});
