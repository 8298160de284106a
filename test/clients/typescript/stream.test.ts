import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Rows } from '../../../clients/typescript/src/index.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { callErrorOf, createTypedClientFixture, payment } from '../../support/typed-client.ts';
import { createGate, settled, until } from '../../support/until.ts';

const serve = createServeFixture();
const connect = createTypedClientFixture();

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

function* batchesOf(count: number, onTaken: () => void = () => undefined): Generator<Rows> {
  for (let batch = 0; batch < count; batch++) {
    onTaken();
    yield [payment(batch / 100), payment(batch / 100 + 1)];
  }
}

describe('a stream', () => {
  it('answers every batch, in order', async () => {
    const client = connect((await serve()).addresses.grpc);
    const answers = await collect(client.scoreStream(batchesOf(200)));
    expect(answers.map(({ results }) => results.map(({ score }) => score))).toEqual(
      Array.from({ length: 200 }, (_, batch) => [...Float32Array.of(batch / 100, batch / 100 + 1)]),
    );
  });

  it('reads its source only while the server keeps up', async () => {
    const gate = createGate();
    const detector = createDetectorDouble({ beforeScore: (call) => (call > 1 ? gate.wait() : undefined) });
    const client = connect((await serve({ detector })).addresses.grpc);
    let taken = 0;
    const answers = collect(
      client.scoreStream(
        batchesOf(100, () => taken++),
        { window: 5 },
      ),
    );
    await until('the window is full', () => taken === 5);
    expect(await settled(() => taken)).toBe(5);
    gate.open();
    expect(await answers).toHaveLength(100);
  });

  it('hands out answers while its source is silent', async () => {
    const client = connect((await serve()).addresses.grpc);
    const gate = createGate();
    async function* halting(): AsyncGenerator<Rows> {
      yield [payment(1)];
      await gate.wait();
      yield [payment(2)];
    }
    const answers = client.scoreStream(halting());
    expect((await answers.next()).value?.results[0]?.score).toBe(1);
    gate.open();
    expect((await answers.next()).value?.results[0]?.score).toBe(2);
    expect((await answers.next()).done).toBe(true);
  });

  it('ends with the fault of the first batch that was refused, and says which', async () => {
    const client = connect((await serve()).addresses.grpc);
    const scores: number[] = [];
    const error = await callErrorOf(
      (async () => {
        for await (const { results } of client.scoreStream([[payment(1)], [payment(2)], [{ amount: 3 }]])) {
          scores.push(results[0]!.score);
        }
      })(),
    );
    expect(scores).toEqual([1, 2]);
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', data: { request: 2, field: 'country' } });
  });

  it('outlives a server that is gone before its source has yielded anything', async () => {
    const client = connect('127.0.0.1:1', { retry: { maxAttempts: 2, initialBackoffMs: 1 } });
    async function* slow(): AsyncGenerator<Rows> {
      await sleep(500);
      yield [payment(1)];
    }
    expect(await callErrorOf(collect(client.scoreStream(slow())))).toMatchObject({
      status: 'UNAVAILABLE',
      attempts: 2,
    });
  });

  it('is given up while its source is silent, and refuses a window of nothing', async () => {
    const client = connect((await serve()).addresses.grpc);
    const stop = new AbortController();
    async function* silent(): AsyncGenerator<Rows> {
      yield [payment(1)];
      await new Promise(() => undefined);
    }
    const answers = client.scoreStream(silent(), { signal: stop.signal });
    expect((await answers.next()).value?.results[0]?.score).toBe(1);
    setTimeout(() => stop.abort(), 20);
    expect(await callErrorOf(answers.next())).toMatchObject({ status: 'CANCELLED' });
    expect(() => client.scoreStream([], { window: 0 })).toThrow('window cannot be 0');
  });

  it("ends with its source's own error", async () => {
    const client = connect((await serve()).addresses.grpc);
    function* failing(): Generator<Rows> {
      yield [payment(1)];
      throw new RangeError('the file ended early');
    }
    await expect(collect(client.scoreStream(failing()))).rejects.toThrow(RangeError);
  });

  it('gives up where no answer comes in time', async () => {
    const gate = createGate();
    const detector = createDetectorDouble({ beforeScore: (call) => (call > 1 ? gate.wait() : undefined) });
    const client = connect((await serve({ detector })).addresses.grpc);
    const error = await callErrorOf(collect(client.scoreStream(batchesOf(3), { answerTimeoutMs: 200 })));
    expect(error.status).toBe('DEADLINE_EXCEEDED');
    gate.open();
  });

  it('may be left early, and asks its source for no more', async () => {
    const client = connect((await serve()).addresses.grpc);
    let [taken, closed] = [0, false];
    function* endless(): Generator<Rows> {
      try {
        for (;;) {
          taken++;
          yield [payment(1)];
        }
      } finally {
        closed = true;
      }
    }
    for await (const answer of client.scoreStream(endless())) {
      expect(answer.results).toHaveLength(1);
      break;
    }
    await until('the source is closed', () => closed);
    const before = taken;
    await sleep(50);
    expect(taken).toBe(before);
  });
});
