import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { HeldBytes, mostHeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { createAuthority, createCertificate } from '../support/certificates.ts';
import { useDataFolder } from '../support/data-files.ts';
import { dense, HEALTH } from '../support/grpc-client.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { scrape } from '../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';

const serve = createServeFixture();
const open = createHttp2Fixture();
const data = useDataFolder();
const methods = loadContract()[SERVICE] as ServiceDefinition;
const [SCORE, STREAM, DESCRIBE] = ['Score', 'ScoreStream', 'DescribeModel'].map((name) => methods[name]!.path) as [
  string,
  string,
  string,
];
const message = framed(methods['Score']!.requestSerialize(dense(1, 2, 3)));
const [NO_ERROR, ENHANCE_YOUR_CALM] = [0, 11];
const HALF = message.subarray(0, -3);
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
/** `file_containing_symbol` of the service: each answer is the whole contract. */
const question = framed(Buffer.concat([Buffer.of(0x22, SERVICE.length), Buffer.from(SERVICE)]));

describe('a caller who stops in the middle', () => {
  it('of a message has so long as a slow client has, and others go on', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500 } });
    const session = open(addresses.grpc);
    const [half, silent, whole] = [startCall(session, SCORE), startCall(session, SCORE), startCall(session, SCORE)];
    half.stream.write(HALF);
    whole.stream.end(message);
    expect(await whole.end).toMatchObject({ code: status.OK });
    for (const { end } of [half, silent]) {
      const { code, text } = await end;
      expect(code).toBe(status.RESOURCE_EXHAUSTED);
      expect(text).toMatch(/not come whole within 500 ms; .*--slow-client-timeout-ms/);
    }
  });

  it('of a message over TLS is let go with the refusal', async () => {
    const authority = await createAuthority();
    const { cert, key } = await createCertificate(authority, 'aristarch');
    const [tlsCert, tlsKey] = await Promise.all([data.write('tls.crt', cert), data.write('tls.key', key)]);
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500, tlsCert, tlsKey } });
    const { stream, end } = startCall(open(addresses.grpc, { ca: authority.cert }), SCORE);
    stream.write(HALF);
    expect(await end).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reset: NO_ERROR });
  });

  it('of an answer has it torn down', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500 } });
    const { stream, end } = startCall(open(addresses.grpc, { settings: { initialWindowSize: 0 } }), SCORE);
    stream.end(message);
    expect(await end).toMatchObject({ reset: ENHANCE_YOUR_CALM });
  });

  it.each([
    ['a message', HALF, /^a client did not send its message whole in time$/],
    ['an answer', message, /^a client did not take an answer whole in time; its call is torn down$/],
  ])('of %s is told apart in the log', async (_, sent, text) => {
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 500 }, log });
    const { stream, end } = startCall(open(addresses.grpc, { settings: { initialWindowSize: 0 } }), SCORE);
    if (sent === HALF) stream.write(sent);
    else stream.end(sent);
    await end;
    expect(lines().filter(({ level }) => level === 40)).toEqual([
      expect.objectContaining({ timeoutMs: 500, msg: expect.stringMatching(text) as unknown }),
    ]);
  });
});

/** What grpc-js reads: streams, compressed messages, and methods that seldom are called. */
describe('a caller of a method that grpc-js reads', () => {
  const SLOW = { settings: { slowClientTimeoutMs: 500 } };
  /** Long enough to look at what is held meanwhile, on a busy machine, too. */
  const SLOWER = { settings: { slowClientTimeoutMs: 3000 } };
  const gaugesOf = async (http: string): Promise<string[]> =>
    (await scrape(http)).split('\n').filter((line) => /^aristarch_calls_(open|held_bytes) /.test(line));

  it('who stops in a message of a stream is told so behind the answers to those before it', async () => {
    const { addresses } = await serve(SLOW);
    const { stream, end } = startCall(open(addresses.grpc), STREAM);
    stream.write(Buffer.concat([message, message, HALF]));
    const { code, text, messages } = await end;
    expect([code, messages.length]).toEqual([status.RESOURCE_EXHAUSTED, 2]);
    expect(text).toMatch(/message 3 of the stream: the message has not come whole within 500 ms/);
  });

  it('who sends a message of a stream byte by byte has no more time for it', async () => {
    const { addresses } = await serve(SLOW);
    const { stream, end } = startCall(open(addresses.grpc), STREAM);
    let sent = 0;
    const timer = setInterval(() => stream.write(message.subarray(sent, ++sent)), 100);
    const { code } = await end;
    clearInterval(timer);
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('who says nothing between two messages of a stream goes on when it likes', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 200 } });
    const session = open(addresses.grpc);
    const { stream, end } = startCall(session, STREAM);
    stream.write(message);
    // Others that do stop in a message come and go meanwhile.
    for (let round = 0; round < 3; round++) {
      const other = startCall(session, STREAM);
      other.stream.write(HALF);
      expect((await other.end).code).toBe(status.RESOURCE_EXHAUSTED);
    }
    stream.end(message);
    const { code, messages } = await end;
    expect([code, messages.length]).toEqual([status.OK, 2]);
  });

  it.each([
    ['of a rare method', DESCRIBE, {}, Buffer.from([0, 0, 0, 0, 9, 1])],
    [
      'of a compressed message',
      SCORE,
      { 'grpc-encoding': 'gzip' },
      framed(gzipSync(message.subarray(5)), true).subarray(0, -3),
    ],
    ['of health', HEALTH['Watch']!.path, {}, Buffer.from([0, 0])],
  ])('who stops in the middle %s is refused, and nothing of it is held', async (_, path, headers, half) => {
    const { addresses } = await serve(SLOWER);
    const { stream, end } = startCall(open(addresses.grpc), path, headers);
    stream.write(half);
    await waitUntil(
      'it to be held',
      async () => !(await gaugesOf(addresses.http)).includes('aristarch_calls_held_bytes 0'),
    );
    const { code, text } = await end;
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(text).toMatch(/^the message has not come whole within 3000 ms/);
    const none = ['aristarch_calls_open 0', 'aristarch_calls_held_bytes 0'];
    await waitUntil('nothing to be left', async () => String(await gaugesOf(addresses.http)) === String(none));
  });

  it('who does not take its answer has it torn down', async () => {
    const { addresses } = await serve(SLOW);
    const { stream, end } = startCall(open(addresses.grpc, { settings: { initialWindowSize: 0 } }), DESCRIBE);
    stream.end(framed(Buffer.alloc(0)));
    expect(await end).toMatchObject({ reset: ENHANCE_YOUR_CALM });
  });

  it('who does not take the one answer of its stream has it torn down', async () => {
    const { addresses } = await serve(SLOW);
    const { stream, end } = startCall(open(addresses.grpc, { settings: { initialWindowSize: 0 } }), STREAM);
    stream.write(message);
    expect(await end).toMatchObject({ reset: ENHANCE_YOUR_CALM });
  });

  it('who takes no answer of its stream has nothing held for it once the stream has failed behind that', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 3_600_000 } });
    const session = open(addresses.grpc, { settings: { initialWindowSize: 0 } });
    await once(session, 'remoteSettings');
    const { stream } = startCall(session, STREAM, { 'grpc-encoding': 'gzip' });
    const packed = (bytes: Buffer): Buffer => framed(gzipSync(bytes), true);
    const answered = once(stream, 'response');
    stream.write(packed(message.subarray(5)));
    await answered;
    const wrong = Buffer.alloc(300_000);
    const written = new Promise<unknown>((done) => stream.write(Buffer.concat(Array(20).fill(packed(wrong))), done));
    const isRefused = async (): Promise<boolean> => /code="INVALID_INPUT"/.test(await scrape(addresses.http));
    await waitUntil('the second to be refused', isRefused);
    await written;
    await new Promise((pong) => session.ping(pong));
    const left = ['aristarch_calls_open 1', 'aristarch_calls_held_bytes 0'];
    await waitUntil('nothing to be held', async () => String(await gaugesOf(addresses.http)) === String(left));
    session.destroy();
  });

  it('who has its answer and does not end is let go', async () => {
    const { addresses } = await serve(SLOW);
    const { stream, end } = startCall(open(addresses.grpc), DESCRIBE);
    stream.write(Buffer.from('00ffffffff', 'hex'));
    const { code, text, reset } = await end;
    expect([code, reset]).toEqual([status.RESOURCE_EXHAUSTED, NO_ERROR]);
    expect(text).toMatch(/larger than max/);
  });

  it('who takes each answer in time has all of them, however long they take together', async () => {
    const { addresses } = await serve({ settings: { slowClientTimeoutMs: 1500 } });
    // About one answer is on its way at a time: the sixteen that are kept ready take twice the timeout.
    const { stream, end } = startCall(open(addresses.grpc, { settings: { initialWindowSize: 4096 } }), REFLECTION);
    stream.on('data', () => {
      stream.pause();
      setTimeout(() => stream.resume(), 200);
    });
    const count = 20;
    stream.end(Buffer.concat(Array.from({ length: count }, () => question)));
    const { code, messages } = await end;
    expect([code, messages.length]).toEqual([status.OK, count]);
  });

  it('who asks reflection without end and reads no answer is not read either, and torn down', async () => {
    const { addresses } = await serve(SLOW);
    const session = open(addresses.grpc, { settings: { initialWindowSize: 1000 } });
    const { stream, end } = startCall(session, REFLECTION);
    stream.pause();
    const questions = Buffer.concat(Array.from({ length: 30_000 }, () => question));
    let isTaken = false;
    stream.write(questions, () => (isTaken = true));
    expect(await end).toMatchObject({ reset: ENHANCE_YOUR_CALM });
    expect(isTaken).toBe(false);
  });

  it('who ends within a message of a stream is told so', async () => {
    const { addresses } = await serve();
    const { stream, end } = startCall(open(addresses.grpc), STREAM);
    stream.end(Buffer.concat([message, HALF]));
    const { code, text, messages } = await end;
    expect([code, messages.length]).toEqual([status.INVALID_ARGUMENT, 1]);
    expect(text).toBe('message 2 of the stream: the caller has ended within a message: send it whole before the end');
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
    const { stream, end } = startCall(busy, SCORE);
    stream.write(HALF);
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
