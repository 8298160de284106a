import { describe, expect, it } from '@jest/globals';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { scrape } from '../../support/http-client.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { callErrorOf, createTypedClientFixture, payment } from '../../support/typed-client.ts';
import { createGate, until } from '../../support/until.ts';

const serve = createServeFixture();
const connect = createTypedClientFixture();

/** A detector whose inferences, but the self-test, wait at a gate. */
function gated() {
  const gate = createGate();
  const detector = createDetectorDouble({ beforeScore: (call) => (call > 1 ? gate.wait() : undefined) });
  return { gate, detector };
}

describe('calls', () => {
  it('score records of plain values, and packed rows, as the service does', async () => {
    const client = connect((await serve()).addresses.grpc);
    const scores = await client.score([payment(9.95), payment(1)], { falsePositiveRate: 0.01 });
    expect(scores.results.map(({ score, anomalous }) => [score.toFixed(2), anomalous])).toEqual([
      ['9.95', true],
      ['1.00', false],
    ]);
    expect(scores.model).toBe('double');
    const values = Float32Array.of(9.95, 0, 1, 0, 0, NaN, 0, 1, 0, 0);
    const packed = await client.score({ values, width: 5 });
    expect(packed.results[0]).toEqual(scores.results[0]);
    expect(packed.results[1]!.score).toBe(0);
  });

  it('take null for a missing value, and refuse what is no value, by name, before anything is sent', async () => {
    const client = connect((await serve()).addresses.grpc);
    const { results } = await client.score([{ ...payment(2), country: null }]);
    expect(results).toHaveLength(1);
    const unfit = { ...payment(2), country: ['DE'] as unknown as string };
    await expect(client.score([unfit])).rejects.toThrow(/field "country" is object: give a number, a text/);
  });

  it('describe the model and list the models', async () => {
    const client = connect((await serve()).addresses.grpc);
    const description = await client.describeModel();
    expect(description.fields.map(({ name, kind }) => [name, kind])).toContainEqual(['amount', 'number']);
    expect((await client.listModels()).map(({ model, isDefault }) => [model, isDefault])).toEqual([['double', true]]);
  });

  it("give up what a retry would not change, with the service's own code and where the fault lies", async () => {
    const { addresses } = await serve();
    const error = await callErrorOf(connect(addresses.grpc).score([payment(1), { amount: 2 }]));
    expect(error).toMatchObject({ status: 'INVALID_ARGUMENT', code: 'SCHEMA_MISMATCH', attempts: 1 });
    expect(error.data).toMatchObject({ record: 1, field: 'country' });
    expect(error.message).toMatch(/country/);
  });

  it('are not tried again where the message is too large: the same one would be again', async () => {
    const { addresses } = await serve({ settings: { maxMessageBytes: 10_000 } });
    const rows = Array.from({ length: 1000 }, () => payment(1));
    const error = await callErrorOf(connect(addresses.grpc).score(rows));
    expect(error).toMatchObject({ status: 'RESOURCE_EXHAUSTED', retryAfterMs: undefined, attempts: 1 });
  });
});

describe('an overloaded server', () => {
  it('is asked again no earlier than its RetryInfo says, and then answers', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector, settings: { maxQueueRows: 1 } });
    const client = connect(addresses.grpc, { retry: { maxAttempts: 1000, maxBackoffMs: 50 }, deadlineMs: 30_000 });
    const rejections = async () =>
      Number(/aristarch_rejections_total\{reason="queue_full"\} (\d+)/.exec(await scrape(addresses.http))?.[1]);
    const running = client.score([payment(1)]);
    await until('the first call is being scored', () => gate.waiting() === 1);
    const waiting = client.score([payment(2)]);
    await until('the second call waits', async () => (await scrape(addresses.http)).includes('aristarch_queue_rows 1'));
    const refused = client.score([payment(3)]);
    await until('the third call was refused twice', async () => (await rejections()) >= 2);
    gate.open();
    const scores = await Promise.all([running, waiting, refused]);
    expect(scores.map(({ results }) => results[0]!.score)).toEqual([1, 2, 3]);
  });

  it('is left alone once the tries are used up, and the error says when to come again', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector, settings: { maxQueueRows: 1 } });
    const client = connect(addresses.grpc, { retry: { maxAttempts: 3, initialBackoffMs: 0 }, deadlineMs: 30_000 });
    const running = client.score([payment(1)]);
    await until('the first call is being scored', () => gate.waiting() === 1);
    const waiting = client.score([payment(2)]);
    await until('the second call waits', async () => (await scrape(addresses.http)).includes('aristarch_queue_rows 1'));
    const started = performance.now();
    const error = await callErrorOf(client.score([payment(3)]));
    expect(error).toMatchObject({ status: 'RESOURCE_EXHAUSTED', attempts: 3 });
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(10);
    // Two waits, each at least as long as the service asked for; it asks for 10 ms or more.
    expect(performance.now() - started).toBeGreaterThan(20);
    gate.open();
    await Promise.all([running, waiting]);
  });
});

describe('the deadline', () => {
  it('ends a call that the server has not answered', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector });
    const started = performance.now();
    const error = await callErrorOf(connect(addresses.grpc).score([payment(1)], { deadlineMs: 400 }));
    expect(error).toMatchObject({ status: 'DEADLINE_EXCEEDED', attempts: 1 });
    expect(performance.now() - started).toBeGreaterThan(380);
    expect(performance.now() - started).toBeLessThan(5_000);
    gate.open();
  });

  it('bounds all tries and waits together, where nobody listens', async () => {
    const client = connect('127.0.0.1:1', { retry: { maxAttempts: 1000, maxBackoffMs: 100 } });
    const started = performance.now();
    const error = await callErrorOf(client.score([payment(1)], { deadlineMs: 900 }));
    expect(error.status).toMatch(/UNAVAILABLE|DEADLINE_EXCEEDED/);
    expect(error.attempts).toBeGreaterThan(2);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('a caller that gives up', () => {
  it('ends a call in flight, and a wait between tries', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector });
    const inFlight = new AbortController();
    const call = callErrorOf(connect(addresses.grpc).score([payment(1)], { signal: inFlight.signal }));
    await until('the call is being scored', () => gate.waiting() === 1);
    inFlight.abort();
    expect((await call).status).toBe('CANCELLED');
    gate.open();

    const between = new AbortController();
    const client = connect('127.0.0.1:1', { retry: { initialBackoffMs: 60_000, maxBackoffMs: 60_000 } });
    const waiting = callErrorOf(client.score([payment(1)], { signal: between.signal, deadlineMs: 300_000 }));
    setTimeout(() => between.abort(), 300);
    expect(await waiting).toMatchObject({ status: 'CANCELLED', attempts: 1 });
  });
});

describe('a token that does not come', () => {
  it('is waited for until the deadline, or until the caller gives up', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc, { token: () => new Promise<string>(() => undefined) });
    expect(await callErrorOf(client.score([payment(1)], { deadlineMs: 100 }))).toMatchObject({
      status: 'DEADLINE_EXCEEDED',
    });
    const stop = new AbortController();
    const waiting = callErrorOf(client.score([payment(1)], { signal: stop.signal, deadlineMs: 300_000 }));
    setTimeout(() => stop.abort(), 20);
    expect(await waiting).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('the options', () => {
  it.each([
    [{ address: '' }, /the address is empty: give host:port/],
    [{ address: 'a:1', deadlineMs: 0 }, /deadlineMs cannot be 0: give a number above 0/],
    [{ address: 'a:1', retry: { maxBackoffMs: -1 } }, /retry.maxBackoffMs cannot be -1: give a number from 0 on/],
    [{ address: 'a:1', token: 'secret' }, /a token would cross the network to a:1 in the clear: give tls as well/],
    [{ address: 'a:1', tls: { key: 'x' } }, /tls.key and tls.certificate belong together/],
  ])('%j are refused with a remedy', ({ address, ...options }, message) => {
    expect(() => connect(address, options)).toThrow(message);
  });
});
