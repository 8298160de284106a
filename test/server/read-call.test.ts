import { once } from 'node:events';
import { promisify } from 'node:util';
import {
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Received } from '../../src/server/grpc/convert.ts';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { createPatience } from '../../src/server/grpc/patience.ts';
import { createReadInterceptor } from '../../src/server/grpc/read-call.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { waitUntil } from '../support/wait-until.ts';

const open = createHttp2Fixture();
const { ScoreStream } = loadContract()[SERVICE] as ServiceDefinition;
const identity = (bytes: Buffer): Buffer => bytes;

function createRead(held: HeldBytes) {
  const patience = createPatience(2000);
  const options = { slowClientTimeoutMs: 2000 };
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

/** A server whose stream answers each message by its length, and refuses faults. */
async function serveLengths(held: HeldBytes) {
  const { patience, read } = createRead(held);
  const server = new Server({ interceptors: [read] });
  const message = (bytes: Buffer): Received<Buffer> => ({ message: bytes });
  server.addService(
    { lengths: { ...ScoreStream!, requestDeserialize: message, responseSerialize: identity } },
    {
      lengths: (call: ServerDuplexStream<Received<Buffer>, Buffer>) => {
        call.on('data', (received: Received<Buffer>) => {
          if ('fault' in received)
            call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: received.fault.message });
          else call.write(Buffer.from(String(received.message.length)));
        });
        call.on('end', () => call.end());
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

it('messages of any size that come in any pieces are read as they were sent', async () => {
  const { session, stop } = await serveLengths(new HeldBytes(2 ** 20));
  const sizes = [0, 1, 300, 0, 5000, 2];
  const bytes = Buffer.concat(sizes.map((size) => framed(Buffer.alloc(size))));
  for (const step of [1, 3, 7, 1000, bytes.length]) {
    const { stream, end } = startCall(session, ScoreStream!.path);
    for (let at = 0; at < bytes.length; at += step) stream.write(bytes.subarray(at, at + step));
    stream.end();
    const { code, messages } = await end;
    expect([code, messages.map(Number)]).toEqual([status.OK, sizes]);
  }
  stop();
});
