import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, type Settings } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { HeldBytes, mostHeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { dense } from '../support/grpc-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';

const serve = createServeFixture();
const SCORE = (loadContract()[SERVICE] as ServiceDefinition)['Score']!;
const body = SCORE.requestSerialize(dense(1, 2, 3));
const prefix = Buffer.alloc(5);
prefix.writeUInt32BE(body.length, 1);
const message = Buffer.concat([prefix, body]);
const ENHANCE_YOUR_CALM = 11;

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});
function open(address: string, settings: Settings = {}): ClientHttp2Session {
  const session = connectHttp2(`http://${address}`, { settings });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

interface Call {
  readonly stream: ClientHttp2Stream;
  readonly end: Promise<{ code: number; text: string; reset: number | undefined }>;
}
function call(session: ClientHttp2Session): Call {
  const post = { ':method': 'POST', ':path': SCORE.path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(post);
  const found: Record<string, unknown> = {};
  for (const event of ['response', 'trailers'] as const) stream.on(event, (each: object) => Object.assign(found, each));
  stream.on('error', () => undefined);
  stream.resume();
  const end = new Promise<Awaited<Call['end']>>((resolve) =>
    stream.on('close', () =>
      resolve({
        code: Number(found['grpc-status']),
        text: decodeURI(String(found['grpc-message'])),
        reset: stream.rstCode,
      }),
    ),
  );
  return { stream, end };
}

describe('a caller who stops in the middle', () => {
  it('of a message has so long as a slow client has, and others go on', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500 } });
    const session = open(addresses.grpc);
    const [half, silent, whole] = [call(session), call(session), call(session)];
    half.stream.write(message.subarray(0, -3));
    whole.stream.end(message);
    expect(await whole.end).toMatchObject({ code: status.OK });
    for (const { end } of [half, silent]) {
      const { code, text } = await end;
      expect(code).toBe(status.RESOURCE_EXHAUSTED);
      expect(text).toMatch(/not come whole within 500 ms; .*--slow-client-timeout-ms/);
    }
  });

  it('of an answer has it torn down', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500 } });
    const { stream, end } = call(open(addresses.grpc, { initialWindowSize: 0 }));
    stream.end(message);
    expect(await end).toMatchObject({ reset: ENHANCE_YOUR_CALM });
  });
});

describe('bytes that are held', () => {
  it('are bounded for the process, by four of the largest messages at least, and free again', () => {
    expect(mostHeldBytes(2 ** 20)).toBe(2 ** 28);
    expect(mostHeldBytes(2 ** 28)).toBe(2 ** 30);
    let refused = 0;
    const held = new HeldBytes(100, () => refused++);
    expect([held.take(60), held.take(41), held.admits()]).toEqual([true, false, true]);
    expect([held.take(40), held.admits()]).toEqual([true, false]);
    held.free(1);
    expect(held.admits()).toBe(true);
    expect(refused).toBe(2);
  });
});

describe('a connection', () => {
  it('that nobody uses is closed, and not one with a call at work', async () => {
    const { addresses } = await serve({ settings: { maxConnectionIdleMs: 1000 } });
    const [idle, busy] = [open(addresses.grpc), open(addresses.grpc)];
    const { stream, end } = call(busy);
    stream.write(message.subarray(0, -3));
    await new Promise((closed) => idle.on('close', closed));
    // It began before the idle one was over, and is as old.
    expect(busy.closed).toBe(false);
    stream.end(message.subarray(-3));
    expect(await end).toMatchObject({ code: status.OK });
    await new Promise((closed) => busy.on('close', closed));
  }, 60_000);

  it('is asked to end at its age, and pinged where it is silent', async () => {
    const { addresses } = await serve({ settings: { maxConnectionAgeMs: 3000, keepaliveMs: 1000 } });
    const session = open(addresses.grpc);
    let pings = 0;
    session.on('ping', () => pings++);
    await waitUntil('a ping', () => pings > 0, 30_000);
    await new Promise((closed) => session.on('close', closed));
  }, 60_000);

  it('over HTTP has ten seconds for a head', async () => {
    const { addresses } = await serve();
    const { port } = new URL(`http://${addresses.http}`);
    const startedMs = performance.now();
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n');
    await new Promise((closed) => socket.on('close', closed));
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(9000);
    expect(tookMs).toBeLessThan(25_000);
  }, 60_000);
});
