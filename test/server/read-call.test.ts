import { once } from 'node:events';
import { promisify } from 'node:util';
import { deflateSync, gzipSync } from 'node:zlib';
import {
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Received } from '../../src/server/grpc/convert.ts';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { PackedMessages } from '../../src/server/grpc/packed-messages.ts';
import { createPatience } from '../../src/server/grpc/patience.ts';
import { createReadInterceptor } from '../../src/server/grpc/read-call.ts';
import { GRPC_STATUS } from '../../src/server/grpc/status.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { waitUntil } from '../support/wait-until.ts';

const open = createHttp2Fixture();
const { ScoreStream } = loadContract()[SERVICE] as ServiceDefinition;
const identity = (bytes: Buffer): Buffer => bytes;

function createRead(held: HeldBytes) {
  const patience = createPatience(2000);
  const options = { slowClientTimeoutMs: 2000, maxMessageBytes: 2 ** 20 };
  return { patience, read: createReadInterceptor({ patience, held, options, log: pino({ level: 'silent' }) }) };
}

async function listen(server: Server, patience: ReturnType<typeof createPatience>) {
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  return {
    session: open(`127.0.0.1:${port}`),
    patience,
    stop: () => {
      server.forceShutdown();
      patience.close();
    },
  };
}

/** A server of calls of one message, which are answered once the test says so. */
async function serveOne(held: HeldBytes) {
  const { patience, read } = createRead(held);
  const server = new Server({ interceptors: [read] });
  const answers: (() => void)[] = [];
  const one = { ...ScoreStream!, path: '/test/one', requestStream: false, responseStream: false };
  server.addService(
    { one: { ...one, requestDeserialize: identity, responseSerialize: identity } },
    { one: (_: unknown, done: sendUnaryData<Buffer>) => answers.push(() => done(null, Buffer.alloc(1))) },
  );
  return { ...(await listen(server, patience)), answer: () => answers.forEach((each) => each()) };
}

/** A server whose stream answers each message by its length, and refuses faults: at once, or in order once the test says so. */
async function serveLengths(held: HeldBytes, inTurn = (answer: () => unknown): unknown => answer()) {
  const { patience, read } = createRead(held);
  const server = new Server({ interceptors: [read] });
  const message = (bytes: Buffer): Received<Buffer> => ({ message: bytes });
  server.addService(
    { lengths: { ...ScoreStream!, requestDeserialize: message, responseSerialize: identity } },
    {
      lengths: (call: ServerDuplexStream<Received<Buffer>, Buffer>) => {
        const answer = (received: Received<Buffer>) => {
          if ('fault' in received) {
            const { code, message: details } = received.fault;
            call.emit('error', { code: status[GRPC_STATUS[code]], details });
          } else call.write(Buffer.from(String(received.message.length)));
        };
        call.on('data', (received: Received<Buffer>) => void inTurn(() => answer(received)));
        call.on('end', () => void inTurn(() => call.end()));
      },
    },
  );
  return listen(server, patience);
}

it('a stream holds what is not whole, is refused where that is too much, and holds nothing afterwards', async () => {
  const held = new HeldBytes(1000);
  const { session, patience, stop } = await serveLengths(held);
  const whole = framed(Buffer.alloc(500));
  const { stream, end } = startCall(session, ScoreStream!.path);
  stream.write(whole.subarray(0, 100));
  await waitUntil('a piece to be held', () => held.bytes === 228);
  stream.write(Buffer.concat([whole.subarray(100), whole.subarray(0, 50)]));
  await waitUntil('only what is not whole to be held', () => held.bytes === 178);
  stream.write(whole.subarray(50));
  await waitUntil('nothing to be held', () => held.bytes === 0);
  stream.write(framed(Buffer.alloc(2000)).subarray(0, 1500));
  const { code, text, messages } = await end;
  expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['500', '500']]);
  expect(text).toMatch(/holds as many bytes/);
  expect([held.bytes, patience.size]).toEqual([0, 0]);
  stop();
});

it('a call of one message holds all of it until it is over, also where it has come in one piece', async () => {
  const held = new HeldBytes(1000);
  const { session, patience, stop, answer } = await serveOne(held);
  const { stream, end } = startCall(session, '/test/one');
  stream.end(framed(Buffer.alloc(500)));
  await waitUntil('all of it to be held', () => held.bytes === 633);
  const other = startCall(session, '/test/one');
  other.stream.end(framed(Buffer.alloc(500)));
  expect((await other.end).code).toBe(status.RESOURCE_EXHAUSTED);
  answer();
  expect((await end).code).toBe(status.OK);
  await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
  stop();
});

it('a stream that its caller gives up holds nothing', async () => {
  const held = new HeldBytes(1000);
  const { session, patience, stop } = await serveLengths(held);
  const { stream } = startCall(session, ScoreStream!.path);
  stream.write(framed(Buffer.alloc(500)).subarray(0, 100));
  await waitUntil('a piece to be held', () => held.bytes === 228);
  stream.close();
  await once(stream, 'close');
  await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
  stop();
});

it('a stream that is refused for want of room has those messages answered that came whole beside the one that is too much', async () => {
  const held = new HeldBytes(1000);
  const { session, stop } = await serveLengths(held);
  const { stream, end } = startCall(session, ScoreStream!.path);
  const unfinished = framed(Buffer.alloc(2000)).subarray(0, 1500);
  stream.write(Buffer.concat([framed(Buffer.alloc(10)), framed(Buffer.alloc(20)), unfinished]));
  const { code, messages } = await end;
  expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['10', '20']]);
  expect(held.bytes).toBe(0);
  stop();
});

const IN_PIECES = [
  { name: 'not compressed', headers: {}, pack: (bytes: Buffer) => framed(bytes) },
  { name: 'of gzip', headers: { 'grpc-encoding': 'gzip' }, pack: (bytes: Buffer) => framed(gzipSync(bytes), true) },
  {
    ...{ name: 'of deflate, every other one', headers: { 'grpc-encoding': 'deflate' } },
    pack: (bytes: Buffer, at: number) => (at % 2 === 0 ? framed(bytes) : framed(deflateSync(bytes), true)),
  },
];

it.each(IN_PIECES)(
  'messages of any size that come in any pieces are read as they were sent: $name',
  async (packing) => {
    const held = new HeldBytes(2 ** 20);
    const { session, stop } = await serveLengths(held);
    const sizes = [0, 1, 300, 0, 5000, 2];
    const bytes = Buffer.concat(sizes.map((size, at) => packing.pack(Buffer.alloc(size), at)));
    for (const step of [1, 3, 7, 1000, bytes.length]) {
      const { stream, end } = startCall(session, ScoreStream!.path, packing.headers);
      for (let at = 0; at < bytes.length; at += step) stream.write(bytes.subarray(at, at + step));
      stream.end();
      const { code, messages } = await end;
      expect([code, messages.map(Number)]).toEqual([status.OK, sizes]);
    }
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stop();
  },
);

describe('what a compressed message becomes', () => {
  const GZIP = { 'grpc-encoding': 'gzip' };
  const packed = (size: number): Buffer => framed(gzipSync(Buffer.alloc(size)), true);
  /** With what frames it and what it takes beside. */
  const heldOf = (size: number): number => size + 5 + 128;

  /** A server that answers when the test says so. */
  async function serveLate(held: HeldBytes) {
    const answers: (() => unknown)[] = [];
    const served = await serveLengths(held, (answer) => answers.push(answer));
    return { ...served, answers, answer: () => answers.splice(0).forEach((each) => each()) };
  }

  it('is held until the message is answered', async () => {
    const held = new HeldBytes(2 ** 20);
    const { session, stop, answers, answer } = await serveLate(held);
    const { stream, end } = startCall(session, ScoreStream!.path, GZIP);
    stream.write(Buffer.concat([packed(50_000), packed(60_000)]));
    await waitUntil('both to be read', () => answers.length === 2);
    expect(held.bytes).toBe(heldOf(50_000) + heldOf(60_000));
    answer();
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stream.end(packed(70_000));
    await waitUntil('the end to be read', () => answers.length === 2);
    answer();
    const { code, messages } = await end;
    expect([code, messages.map(String)]).toEqual([status.OK, ['50000', '60000', '70000']]);
    expect(held.bytes).toBe(0);
    stop();
  });

  it('is refused behind the messages before it where it is more than there is room for', async () => {
    let refused = 0;
    const held = new HeldBytes(200_000, () => refused++);
    const { session, stop, answers, answer } = await serveLate(held);
    const { stream, end } = startCall(session, ScoreStream!.path, GZIP);
    stream.write(Buffer.concat([packed(60_000), packed(60_000), packed(60_000), packed(10)]));
    await waitUntil('two to be read and the third to be refused', () => answers.length === 3);
    expect([held.bytes, refused]).toEqual([2 * heldOf(60_000), 1]);
    answer();
    const { code, text, messages } = await end;
    expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['60000', '60000']]);
    expect(text).toMatch(/holds as many bytes/);
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stop();
  });

  it('takes room from others, in a call of one message until that is over', async () => {
    const held = new HeldBytes(200_000);
    const { session, patience, stop, answer } = await serveOne(held);
    const { stream, end } = startCall(session, '/test/one', GZIP);
    stream.end(packed(100_000));
    await waitUntil('all of it to be held', () => held.bytes === heldOf(100_000));
    const other = startCall(session, '/test/one', GZIP);
    other.stream.end(packed(100_000));
    expect((await other.end).code).toBe(status.RESOURCE_EXHAUSTED);
    answer();
    expect((await end).code).toBe(status.OK);
    await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
    stop();
  });

  it('comes into being when the message is asked for, and is given back with the call', async () => {
    const held = new HeldBytes(2 ** 22);
    const frames: Buffer[] = [];
    const parts = { encoding: 'gzip', held, maxMessageBytes: 2 ** 20 } as const;
    const calls = { handOn: (frame: Buffer) => frames.push(frame), end: () => undefined, fail: () => undefined };
    const messages = new PackedMessages({ ...parts, ...calls });
    const all = [300, 200, 100].map(packed);
    messages.take(Buffer.concat(all));
    const restBytes = all.slice(1).reduce((bytes, { length }) => bytes + length + 128, 0);
    expect([held.bytes, frames.length]).toEqual([all[0]!.length + 128 + restBytes, 0]);
    messages.ask();
    await waitUntil('the first', () => frames.length > 0);
    expect([held.bytes, frames.map(({ length }) => length)]).toEqual([heldOf(300) + restBytes, [305]]);
    messages.ask();
    messages.close();
    expect(held.bytes).toBe(0);
  });

  it.each([
    ['too large as it comes', framed(Buffer.alloc(2 ** 20 + 1), true), status.RESOURCE_EXHAUSTED, /of 1048577 bytes/],
    ['too large inflated', packed(2 ** 20 + 1), status.RESOURCE_EXHAUSTED, /more than 1048576 bytes, inflated/],
    ['none', framed(Buffer.from('neither'), true), status.INVALID_ARGUMENT, /not compressed as .* "gzip"/],
    ['broken off', framed(gzipSync(Buffer.alloc(999)).subarray(0, -9), true), status.INVALID_ARGUMENT, /end of file/],
  ])('is refused where it is %s, by the message before and with nothing left', async (_, wrong, wanted, why) => {
    const held = new HeldBytes(2 ** 22);
    const { session, patience, stop } = await serveLengths(held);
    const { stream, end } = startCall(session, ScoreStream!.path, GZIP);
    stream.end(Buffer.concat([packed(7), wrong, packed(8)]));
    const { code, text, messages } = await end;
    expect([code, messages.map(String)]).toEqual([wanted, ['7']]);
    expect(text).toMatch(why);
    await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
    stop();
  });
});
