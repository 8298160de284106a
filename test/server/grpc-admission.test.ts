import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { scrape } from '../support/http-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { createGate, until } from '../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();

/** As in googleapis: google/rpc/status.proto, google/rpc/error_details.proto, google/protobuf/any.proto and duration.proto. */
const { root } = protobuf.parse(`syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }`);

function retryMsOf(error: ServiceError): number {
  const [bytes] = error.metadata.get('grpc-status-details-bin') as Buffer[];
  const decode = (name: string, from: Uint8Array) =>
    root
      .lookupType(`google.rpc.${name}`)
      .toObject(root.lookupType(`google.rpc.${name}`).decode(from), { longs: Number });
  const { code, details } = decode('Status', bytes!) as { code: number; details: { typeUrl: string; value: Buffer }[] };
  expect(code).toBe(error.code);
  expect(details.map(({ typeUrl }) => typeUrl)).toEqual(['type.googleapis.com/google.rpc.RetryInfo']);
  const { retryDelay } = decode('RetryInfo', details[0]!.value) as { retryDelay: { seconds: number; nanos: number } };
  return 1000 * retryDelay.seconds + retryDelay.nanos / 1e6;
}

/** A detector whose inferences, but the self-test, wait at a gate. */
function gated() {
  const gate = createGate();
  const detector = createDetectorDouble({ beforeScore: (call) => (call > 1 ? gate.wait() : undefined) });
  return { gate, detector };
}

describe('a full queue', () => {
  it('refuses with RESOURCE_EXHAUSTED and the time to come again, and is counted', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector, settings: { maxQueueRows: 3 } });
    const client = connect(addresses.grpc);
    const running = client.score(dense(1));
    await until('the first call is being scored', () => gate.waiting() === 1);
    const waiting = client.score(dense(1, 2, 3));
    await until('the second call waits', async () => (await scrape(addresses.http)).includes('aristarch_queue_rows 3'));
    const error = await client.refusal(dense(4));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(
      /^3 rows of this or a higher priority wait already and at most 3 may: send again later/,
    );
    expect(retryMsOf(error)).toBeGreaterThanOrEqual(10);
    expect(await scrape(addresses.http)).toContain('aristarch_rejections_total{reason="queue_full"} 1');
    gate.open();
    expect((await running).results).toHaveLength(1);
    expect((await waiting).results).toHaveLength(3);
    expect(await scrape(addresses.http)).toMatch(/^aristarch_batch_rows_count [3-9]$/m);
  });
});

/** A server that needs a second for each inference, by the clock that durations are taken with; the third waits at a gate. */
async function serveSlowly() {
  let skewMs = 0;
  const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() + skewMs };
  const gate = createGate();
  const detector = createDetectorDouble({
    beforeScore: (call) => {
      skewMs += 1000;
      return call === 3 ? gate.wait() : undefined;
    },
  });
  const { addresses } = await serve({ detector, clock });
  const client = connect(addresses.grpc);
  await client.score(dense(1));
  const running = client.score(dense(1));
  await until('a call is being scored', () => gate.waiting() === 1);
  // The event loop sleeps, so that who is being scored counts as waiting for the gate, and holds up nobody.
  await sleep(100);
  return { addresses, client, gate, running };
}

describe('a call that could only be answered late', () => {
  it('is refused before its deadline, and before its rows are read, where the event loop is free while others wait', async () => {
    const { addresses, client, gate, running } = await serveSlowly();
    const error = await client.refusal(dense(1), { deadline: Date.now() + 1200 });
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(/^the calls that came before would keep this one waiting/);
    expect(error.metadata.get('aristarch-code')).toEqual(['RESOURCE_EXHAUSTED']);
    expect(retryMsOf(error)).toBeGreaterThan(200);
    const text = await scrape(addresses.http);
    expect(text).toContain('aristarch_rejections_total{reason="deadline"} 1');
    expect(text).toContain('aristarch_requests_total{transport="grpc",code="RESOURCE_EXHAUSTED"} 1');
    gate.open();
    expect((await running).results).toHaveLength(1);
  });

  it('is looked at by its rows where it has priority over those that wait', async () => {
    const { client, gate, running } = await serveSlowly();
    const metadata = new Metadata();
    metadata.set('aristarch-priority', 'high');
    const error = await new Promise<ServiceError>((resolve) => {
      client.raw.score(dense(1), metadata, { deadline: Date.now() + 1200 }, (failure) => resolve(failure!));
    });
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(
      /^the 1 rows would be scored in about \d{4}\.\d ms, and the call has \d+\.\d ms left/,
    );
    gate.open();
    expect((await running).results).toHaveLength(1);
  });
});

describe('the metadata aristarch-priority', () => {
  it('says who goes first', async () => {
    const { gate, detector } = gated();
    const { addresses } = await serve({ detector, settings: { maxBatchRows: 1 } });
    const client = connect(addresses.grpc);
    const order: string[] = [];
    const send = (name: string, priority: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        metadata.set('aristarch-priority', priority);
        client.raw.score(dense(1), metadata, {}, (error) => {
          order.push(name);
          if (error) reject(error);
          else resolve();
        });
      });
    const first = send('first', 'normal');
    await until('the first call is being scored', () => gate.waiting() === 1);
    const others = [send('low', 'low'), send('normal', 'normal'), send('high', 'high')];
    await until('all wait', async () => (await scrape(addresses.http)).includes('aristarch_queue_rows 3'));
    gate.open();
    await Promise.all([first, ...others]);
    expect(order).toEqual(['first', 'high', 'normal', 'low']);
  });

  it('is refused when it is no priority', async () => {
    const { addresses } = await serve();
    const metadata = new Metadata();
    metadata.set('aristarch-priority', 'urgent');
    const error = await new Promise<ServiceError>((resolve) => {
      connect(addresses.grpc).raw.score(dense(1), metadata, {}, (failure) => resolve(failure!));
    });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toMatch(/aristarch-priority cannot be "urgent": give one of high, normal, low/);
  });
});
