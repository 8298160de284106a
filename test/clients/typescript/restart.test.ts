import { describe, expect, it } from '@jest/globals';
import type { FieldValue, FieldValues } from '../../../clients/typescript/src/index.ts';
import { useDataFolder } from '../../support/data-files.ts';
import type { ServeProcess } from '../../support/serve-process.ts';
import { createServeProcessFixture } from '../../support/serve-process-fixture.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';
import { useTinyModel } from '../../support/train-tiny.ts';
import { createTypedClientFixture } from '../../support/typed-client.ts';

const data = useDataFolder();
const trained = useTinyModel({ steps: 5 });
const start = createServeProcessFixture();
const connect = createTypedClientFixture();

/** Patient enough for a process that starts while others have the cores. */
const PATIENT = { deadlineMs: 100_000, retry: { maxAttempts: 10_000, maxBackoffMs: 200 } };

const startAgain = ({ addresses }: ServeProcess, model: string) =>
  start('--model', model, '--grpc-port', addresses.grpc.split(':')[1]!);

/** A row of the tiny model; its score is the amount. */
const purchase = (amount: number): FieldValues => ({ amount, colour: 'red', paid: false });

describe('a server that is killed and started again', () => {
  it('answers a call that was made while it was away', async () => {
    const model = await writeTinyModel(data.path('called'));
    const server = await start('--model', model);
    const client = connect(server.addresses.grpc, PATIENT);
    const before = await client.score([purchase(3), purchase(9.75)]);
    await server.kill();
    const waiting = client.score([purchase(3), purchase(9.75)]);
    await startAgain(server, model);
    expect((await waiting).results).toEqual(before.results);
  }, 240_000);

  it('has a stream go on where it was: each batch once, in order', async () => {
    const model = await writeTinyModel(data.path('streamed'));
    const server = await start('--model', model);
    const client = connect(server.addresses.grpc, PATIENT);
    const batches = Array.from({ length: 100 }, (_, i) => [purchase(i), purchase(i + 0.5)]);
    const scores: number[] = [];
    let restarted = false;
    for await (const { results } of client.scoreStream(batches, { answerTimeoutMs: 100_000 })) {
      scores.push(...results.map(({ score }) => score));
      if (scores.length !== 40) continue;
      await server.kill();
      await startAgain(server, model);
      restarted = true;
    }
    expect(restarted).toBe(true);
    expect(scores).toEqual(Array.from({ length: 200 }, (_, i) => i / 2));
  }, 240_000);

  it('goes on with a sample at the next row', async () => {
    const server = await start('--model', trained().folder);
    const client = connect(server.addresses.grpc, PATIENT);
    const wish = { count: 3_000, seed: 7 };
    const all: Record<string, FieldValue>[] = [];
    for await (const row of client.sample(wish)) all.push(row);
    expect(all).toHaveLength(3_000);
    const broken: Record<string, FieldValue>[] = [];
    for await (const row of client.sample(wish)) {
      broken.push(row);
      if (broken.length === 600) {
        await server.kill();
        await startAgain(server, trained().folder);
      }
    }
    expect(broken).toHaveLength(3_000);
    expect(broken.findIndex((row, i) => JSON.stringify(row) !== JSON.stringify(all[i]))).toBe(-1);
  }, 240_000);
});
