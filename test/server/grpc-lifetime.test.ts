import { once } from 'node:events';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { createDetectorDouble } from '../support/detector-double.ts';
import {
  createClientFixture,
  createRawClientFixture,
  dense,
  HEALTH,
  type HealthClient,
} from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { createGate, until } from '../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();

/** Three chunks of rows. */
const BIG = dense(...new Array<number>(10_000).fill(1));
/** The first call of a detector is the server's self-test, the second the first chunk. */
const FIRST_CHUNK = 2;

function gatedDetector() {
  const gate = createGate();
  const detector = createDetectorDouble({ beforeScore: (call) => (call === FIRST_CHUNK ? gate.wait() : undefined) });
  return { gate, detector };
}

describe('a deadline', () => {
  it('stops the work between two chunks once it has passed', async () => {
    const { gate, detector } = gatedDetector();
    let lateMs = 0;
    const clock = { wallMs: () => Date.now() + lateMs, monotonicMs: () => performance.now() };
    const { addresses } = await serve({ detector, clock });
    const refused = connect(addresses.grpc).refusal(BIG, { deadline: Date.now() + 30_000 });
    await until('the first chunk is being scored', () => gate.waiting() === 1);
    lateMs = 60_000;
    gate.open();
    expect((await refused).code).toBe(status.DEADLINE_EXCEEDED);
    expect(detector.calls).toEqual([1, 512]);
  });

  it('that has passed on arrival lets nothing be computed', async () => {
    const detector = createDetectorDouble();
    // A minute passes whenever somebody looks at it: between the call's arrival and its turn, too.
    let nowMs = Date.now();
    const clock = { wallMs: () => (nowMs += 60_000), monotonicMs: () => performance.now() };
    const { addresses } = await serve({ detector, clock });
    const error = await connect(addresses.grpc).refusal(dense(1), { deadline: Date.now() + 30_000 });
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
    expect(error.details).toBe('the deadline passed before the rows were scored');
    expect(detector.calls).toEqual([1]);
  });
});

describe('a caller whose time is up', () => {
  it('is told so at once, while the row is still being scored', async () => {
    const { gate, detector } = gatedDetector();
    const { addresses } = await serve({ detector });
    const error = await connect(addresses.grpc).refusal(dense(1), { deadline: Date.now() + 500 });
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
    gate.open();
  });
});

describe('a cancelled call', () => {
  it('is given up between two chunks', async () => {
    const { gate, detector } = gatedDetector();
    const { addresses } = await serve({ detector });
    const client = connect(addresses.grpc);
    const ended = new Promise<ServiceError | null>((resolve) => {
      const call = client.raw.score(BIG, new Metadata(), {}, resolve);
      void until('the call is being scored', () => gate.waiting() === 1).then(() => call.cancel());
    });
    expect((await ended)?.code).toBe(status.CANCELLED);
    // On one connection frames arrive in order: once this is answered, the server knows of the cancellation.
    await client.describe();
    gate.open();
    await until('the request is counted', async () =>
      (await scrape(addresses.http)).includes('aristarch_requests_total{transport="grpc",code="CANCELLED"} 1'),
    );
    expect(detector.calls).toEqual([1, 512]);
  });
});

describe('a shutdown', () => {
  it('finishes the call in flight, refuses new ones, and turns health and readiness first', async () => {
    const { gate, detector } = gatedDetector();
    const serving = await serve({ detector });
    const client = connect(serving.addresses.grpc);
    const watch = (connectRaw(serving.addresses.grpc, HEALTH) as HealthClient).watch({
      service: 'aristarch.v1.Aristarch',
    });
    expect(await once(watch, 'data')).toEqual([{ status: 'SERVING' }]);
    const inFlight = client.score(BIG);
    await until('the call is being scored', () => gate.waiting() === 1);

    const stopped = serving.stop();
    expect(await once(watch, 'data')).toEqual([{ status: 'NOT_SERVING' }]);
    const error = await connect(serving.addresses.grpc).refusal(dense(1));
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(detector.closed()).toBe(false);

    gate.open();
    expect((await inFlight).results).toHaveLength(10_000);
    watch.on('error', () => undefined);
    await stopped;
    expect(detector.closed()).toBe(true);
  });

  it('cuts off what is not done at the drain timeout', async () => {
    const { gate, detector } = gatedDetector();
    const serving = await serve({ detector, settings: { drainTimeoutMs: 200 } });
    const refused = connect(serving.addresses.grpc).refusal(BIG);
    await until('the call is being scored', () => gate.waiting() === 1);
    const startedMs = performance.now();
    await serving.stop();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
    expect([status.CANCELLED, status.UNAVAILABLE]).toContain((await refused).code);
    gate.open();
  });

  it('ends an idle stream with the word to start a new one, at half the drain timeout', async () => {
    const serving = await serve({ settings: { drainTimeoutMs: 600 } });
    const stream = connect(serving.addresses.grpc).raw.scoreStream();
    stream.write(dense(1));
    await once(stream, 'data');
    const failed = once(stream, 'error') as Promise<[ServiceError]>;
    const startedMs = performance.now();
    await serving.stop();
    expect(performance.now() - startedMs).toBeLessThan(590);
    const [error] = await failed;
    expect(error.code).toBe(status.UNAVAILABLE);
    expect(error.details).toMatch(/shutting down; send the messages that have no response yet on a new stream/);
  });

  it('ends a busy stream after the responses to the messages that were read', async () => {
    const { gate, detector } = gatedDetector();
    const serving = await serve({ detector, settings: { drainTimeoutMs: 1000 } });
    const stream = connect(serving.addresses.grpc).raw.scoreStream();
    for (let n = 0; n < 3; n++) stream.write(dense(n));
    const scores: number[] = [];
    stream.on('data', ({ results }: { results: { score: number }[] }) => scores.push(results[0]!.score));
    const failed = once(stream, 'error') as Promise<[ServiceError]>;
    await until('the first message is being scored', () => gate.waiting() === 1);
    const stopped = serving.stop();
    setTimeout(() => gate.open(), 700);
    const [error] = await failed;
    expect(error.code).toBe(status.UNAVAILABLE);
    await stopped;
    expect(scores).toEqual([0, 1, 2]);
  });
});
