import { EventEmitter, once } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { LOOKS } from '../../src/server/grpc/patience.ts';
import { ReadCall } from '../../src/server/grpc/read-call.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { createCalledPatience, OPEN, serveLengths, serveOne, STREAM } from '../support/read-calls.ts';
import { waitUntil } from '../support/wait-until.ts';

const open = createHttp2Fixture();

it('a stream holds what is not whole, is refused where that is too much, and holds nothing afterwards', async () => {
  const held = new HeldBytes(1000);
  const { address, patience, stop } = await serveLengths(held);
  const session = open(address);
  const whole = framed(Buffer.alloc(500));
  const { stream, end } = startCall(session, STREAM);
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
  const { address, patience, stop, answer } = await serveOne(held);
  const session = open(address);
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

it('what anybody may send who has not shown who it is takes no room from others, and is bounded by itself', async () => {
  const [held, heldOpen] = [new HeldBytes(1000), new HeldBytes(1000)];
  const { address, stop, answer } = await serveOne(held, heldOpen);
  const session = open(address);
  const unfinished = startCall(session, OPEN);
  unfinished.stream.write(framed(Buffer.alloc(800)).subarray(0, 700));
  await waitUntil('a piece to be held', () => heldOpen.bytes === 828);
  const [second, large, other] = [OPEN, OPEN, '/test/one'].map((path) => startCall(session, path));
  second!.stream.end(framed(Buffer.alloc(300)));
  expect(await second!.end).toMatchObject({ code: status.RESOURCE_EXHAUSTED, retryAfterMs: 1000 });
  large!.stream.write(framed(Buffer.alloc(4097)).subarray(0, 9));
  expect((await large!.end).text).toMatch(/4097 bytes is larger than the 4096 bytes .*: name one service/);
  const packed = startCall(session, OPEN, { 'grpc-encoding': 'gzip' });
  packed.stream.end(framed(Buffer.alloc(4097), true));
  expect((await packed.end).text).toMatch(/4097 bytes is larger than the 4096 bytes .*: name one service/);
  other!.stream.end(framed(Buffer.alloc(800)));
  await waitUntil('the other to be held', () => held.bytes > 800);
  unfinished.stream.close();
  await waitUntil('nothing of anybody to be held', () => heldOpen.bytes === 0);
  answer();
  expect((await other!.end).code).toBe(status.OK);
  stop();
});

it('a stream that its caller gives up holds nothing', async () => {
  const held = new HeldBytes(1000);
  const { address, patience, stop } = await serveLengths(held);
  const session = open(address);
  const { stream } = startCall(session, STREAM);
  stream.write(framed(Buffer.alloc(500)).subarray(0, 100));
  await waitUntil('a piece to be held', () => held.bytes === 228);
  stream.close();
  await once(stream, 'close');
  await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
  stop();
});

it('a stream that is refused for want of room has those messages answered that came whole beside the one that is too much', async () => {
  const held = new HeldBytes(1000);
  const { address, stop } = await serveLengths(held);
  const session = open(address);
  const { stream, end } = startCall(session, STREAM);
  const unfinished = framed(Buffer.alloc(2000)).subarray(0, 1500);
  stream.write(Buffer.concat([framed(Buffer.alloc(10)), framed(Buffer.alloc(20)), unfinished]));
  const { code, messages } = await end;
  expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['10', '20']]);
  expect(held.bytes).toBe(0);
  stop();
});

/** A call whose stream is as the test says it is. */
function createReadCall(state: object) {
  const { patience, look } = createCalledPatience();
  const told: { closedBy: number[]; failed: string[]; log: string[] } = { closedBy: [], failed: [], log: [] };
  const stream = Object.assign(new EventEmitter(), {
    ...{ writableEnded: false, writableFinished: false, writableLength: 0, headersSent: true, isPaused: () => false },
    ...state,
    close: (code: number) => void told.closedBy.push(code),
  });
  const ignore = (): void => undefined;
  const of = { stream: stream as unknown as ServerHttp2Stream, onData: ignore, onEnd: ignore, encoding: undefined };
  const options = { slowClientTimeoutMs: 2000, maxMessageBytes: 2 ** 20 };
  const log = pino({ base: null }, { write: (line) => told.log.push((JSON.parse(line) as { msg: string }).msg) });
  const parts = { patience, held: new HeldBytes(2 ** 20), options, log };
  const fail = ({ message }: Error): void => void told.failed.push(message);
  return { call: new ReadCall({ ...of, requestStream: true, fail }, parts), stream, look, told };
}

it('a stream of answers has the time of slow clients for each, and is torn down where one is not taken', () => {
  const { call, look, told } = createReadCall({ writableLength: 6, isPaused: () => true });
  for (let answer = 0; answer < 3; answer++) {
    look(LOOKS);
    call.taken();
  }
  look(LOOKS);
  expect(told.closedBy).toEqual([]);
  look(1);
  expect(told.closedBy).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  expect(told.log).toEqual([expect.stringMatching(/did not take an answer whole in time/)]);
});

it('a message that stalls is told as one where an answer is on its way, which has its own time', () => {
  const { stream, look, told } = createReadCall({});
  stream.emit('data', Buffer.alloc(3));
  look(LOOKS);
  stream.writableLength = 6;
  look(1);
  expect(told.failed).toEqual([expect.stringMatching(/has not come whole within 2000 ms/)]);
  expect(told.log).toEqual([expect.stringMatching(/did not send its message whole/)]);
  look(LOOKS - 1);
  expect(told.closedBy).toEqual([]);
  look(1);
  expect(told.closedBy).toEqual([constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  expect(told.failed).toHaveLength(1);
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
    const { address, stop } = await serveLengths(held);
    const session = open(address);
    const sizes = [0, 1, 300, 0, 5000, 2];
    const bytes = Buffer.concat(sizes.map((size, at) => packing.pack(Buffer.alloc(size), at)));
    for (const step of [1, 3, 7, 1000, bytes.length]) {
      const { stream, end } = startCall(session, STREAM, packing.headers);
      for (let at = 0; at < bytes.length; at += step) stream.write(bytes.subarray(at, at + step));
      stream.end();
      const { code, messages } = await end;
      expect([code, messages.map(Number)]).toEqual([status.OK, sizes]);
    }
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stop();
  },
);
