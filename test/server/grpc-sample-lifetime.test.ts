import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Metadata, type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import { CONTRACT_FILE, PROTO_FOLDER, SERVICE } from '../../src/server/grpc/contract.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture, createRawClientFixture, type ScoringClient } from '../support/grpc-client.ts';
import { createSamplingFixture, hasEnded, readAll, requestUnread, watchedSampler } from '../support/grpc-sampling.ts';
import { scrape } from '../support/http-client.ts';
import { useTinyModel } from '../support/train-tiny.ts';
import { createGate, settled, until } from '../support/until.ts';

const model = useTinyModel();
const files = useDataFolder();
const start = createSamplingFixture(model);
const connect = createClientFixture();
const connectRaw = createRawClientFixture();

describe('the generator', () => {
  it('is opened at the first request, once, and again only after opening failed', async () => {
    const { seen, open } = watchedSampler();
    let asked = 0;
    const { client, serving } = await start({
      openSampler: (folder) => (++asked === 1 ? Promise.reject(new Error('no memory')) : open(folder)),
    });
    expect(asked).toBe(0);
    expect((await readAll(client.raw.sample({ count: 1 }))).error?.code).toBe(status.INTERNAL);
    const both = await Promise.all([1, 2].map((seed) => readAll(client.raw.sample({ count: 1, seed }))));
    expect(both.map(({ records }) => records.length)).toEqual([1, 1]);
    expect({ asked, ...seen }).toMatchObject({ asked: 2, opened: 1, closed: 0 });
    await serving.stop();
    expect(seen.closed).toBe(1);
  });
});

describe('a caller', () => {
  it('who cancels ends the work', async () => {
    const gate = createGate();
    const { seen, open } = watchedSampler((block) => (block === 3 ? gate.wait() : undefined));
    const { client, serving } = await start({ openSampler: open });
    const stream = client.raw.sample({ count: 500_000 });
    const read = readAll(stream);
    await until('the third block is being made', () => gate.waiting() === 1);
    stream.cancel();
    expect((await read).error?.code).toBe(status.CANCELLED);
    // On one connection frames arrive in order: once this is answered, the server knows of the cancellation.
    await client.describe();
    gate.open();
    await until('the request is counted', () => hasEnded(serving, 'CANCELLED'));
    expect(await settled(() => seen.blocks)).toBe(3);
    expect(await scrape(serving.addresses.http)).toContain('aristarch_samples_in_flight 0');
  });

  it('whose deadline passes gets no more rows', async () => {
    const { seen, open } = watchedSampler();
    let lateMs = 0;
    const clock = { wallMs: () => Date.now() + lateMs, monotonicMs: () => performance.now() };
    const { client } = await start({ openSampler: open, clock });
    const stream = client.raw.sample({ count: 1_000_000 }, { deadline: Date.now() + 60_000 });
    await once(stream, 'data');
    lateMs = 120_000;
    const { error } = await readAll(stream);
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect(error?.details).toBe('the deadline passed before the rows were made');
    expect(await settled(() => seen.blocks)).toBeLessThan(1000);
  });

  it('who reads slowly is waited for, and gets all rows in the end', async () => {
    const { seen, open } = watchedSampler();
    const { serving } = await start({ openSampler: open });
    const { session, stream } = requestUnread(serving, 60_000);
    await until('the first blocks are made', () => seen.blocks > 1);
    const waiting = await settled(() => seen.blocks);
    expect(waiting).toBeLessThan(60);
    // Others are served meanwhile.
    expect((await readAll(connect(serving.addresses.grpc).raw.sample({ count: 3 }))).records).toHaveLength(3);
    const trailers = once(stream, 'trailers') as Promise<[Record<string, unknown>]>;
    stream.resume();
    expect((await trailers)[0]['grpc-status']).toBe('0');
    expect(seen.blocks).toBe(Math.ceil(60_000 / 256) + 1);
    session.close();
  }, 60_000);

  it('of an older contract, without Sample, is served as ever', async () => {
    const text = await readFile(join(PROTO_FOLDER, CONTRACT_FILE), 'utf8');
    const older = text
      .replace(/ {2}rpc Sample\(.*\n/, '')
      .replace(/message Sample(?:Request|Response) \{[^]*?\n\}\n/g, '')
      .replace(/ {2}bool condition = 5;\n/, '');
    expect(older).not.toMatch(/Sample(?:Request|Response)/);
    const path = files.path('older.proto');
    await writeFile(path, older);
    const definition = loadSync(path)[SERVICE] as ServiceDefinition;
    const { serving, client } = await start();
    const old = connectRaw(serving.addresses.grpc, definition) as unknown as ScoringClient['raw'];
    const described = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      old.describeModel({ model: '' }, new Metadata(), (error, answer) =>
        error ? reject(error) : resolve({ ...answer }),
      );
    });
    expect(described).toMatchObject({ model: 'orders', modelVersion: serving.model!.version });
    const { pieces } = await readAll(client.raw.sample({ count: 2 }));
    const stream = old.scoreStream();
    stream.write({ records: { records: pieces[0]!.records } });
    const [{ results }] = (await once(stream, 'data')) as [{ results: unknown[] }];
    expect(results).toHaveLength(2);
    stream.end();
    await once(stream, 'status');
  });
});

describe('a shutdown', () => {
  it('finishes a sample that ends soon, and refuses new ones', async () => {
    const gate = createGate();
    const { seen, open } = watchedSampler((block) => (block === 2 ? gate.wait() : undefined));
    const { client, serving } = await start({ openSampler: open });
    const read = readAll(client.raw.sample({ count: 600 }));
    await until('the second block is being made', () => gate.waiting() === 1);
    const stopped = serving.stop();
    const late = await readAll(connect(serving.addresses.grpc).raw.sample({ count: 1 }));
    expect(late.error?.code).toBe(status.UNAVAILABLE);
    gate.open();
    const { records, error } = await read;
    expect(error).toBeUndefined();
    expect(records).toHaveLength(600);
    await stopped;
    expect(seen.closed).toBe(1);
  });

  it('ends a long one at half the drain timeout, with the row to go on from', async () => {
    const gate = createGate();
    const { open } = watchedSampler((block) => (block === 4 ? gate.wait() : undefined));
    const { client, serving } = await start({ openSampler: open, settings: { drainTimeoutMs: 1000 } });
    const stream = client.raw.sample({ count: 1_000_000, seed: 3 });
    const read = readAll(stream);
    await until('the fourth block is being made', () => gate.waiting() === 1);
    const stopped = serving.stop();
    setTimeout(() => gate.open(), 700);
    const { records, error } = await read;
    await stopped;
    expect(error?.code).toBe(status.UNAVAILABLE);
    expect(error?.details).toMatch(/shutting down; ask for the rest from first_row \d+ on, on a new connection/);
    const { nextRow } = JSON.parse(String(error?.metadata.get('aristarch-data-bin')[0])) as { nextRow: number };
    expect(records).toHaveLength(nextRow);
    const again = await start();
    const rest = await readAll(again.client.raw.sample({ count: 5, seed: 3, firstRow: nextRow }));
    const whole = await readAll(again.client.raw.sample({ count: nextRow + 5, seed: 3 }));
    expect([...records, ...rest.records]).toEqual(whole.records);
  });

  it('does not wait for a caller who reads nothing', async () => {
    const { seen, open } = watchedSampler();
    const { serving } = await start({ openSampler: open, settings: { drainTimeoutMs: 600 } });
    const { session, stream } = requestUnread(serving, 1_000_000);
    stream.on('error', () => undefined);
    await until('rows are being made', () => seen.blocks > 1);
    await settled(() => seen.blocks);
    const startedMs = performance.now();
    await serving.stop();
    expect(performance.now() - startedMs).toBeLessThan(1500);
    expect(seen.closed).toBe(1);
    session.destroy();
  });
});
