import { EventEmitter } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { createBacklog } from '../../src/server/batching/backlog.ts';
import { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { createCalls } from '../../src/server/grpc/calls.ts';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { Server } from '../../src/server/grpc/engine.ts';
import { createCallKind } from '../../src/server/grpc/call-kind.ts';
import { openQuickLane } from '../../src/server/grpc/quick-lane.ts';
import { NodeCallStream } from '../../src/server/grpc/call-stream.ts';
import type { QuickParts } from '../../src/server/grpc/quick-call.ts';
import { createShedding } from '../../src/server/grpc/shedding.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { createServeFixture, SILENT } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const SCORE = (loadContract()[SERVICE] as ServiceDefinition)['Score']!;
const message = Buffer.from(SCORE.requestSerialize(dense(1)));

function framed(bytes: Buffer, { flag = 0, length = bytes.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

/** A call as bytes, in pieces: the answer's headers, trailers and bytes. */
async function send(address: string, pieces: readonly Buffer[], headers: Record<string, string> = {}) {
  const session = connectHttp2(`http://${address}`);
  try {
    const stream = session.request({
      ...{ ':method': 'POST', ':path': SCORE.path, 'content-type': 'application/grpc', te: 'trailers' },
      ...headers,
    });
    const found: IncomingHttpHeaders = {};
    const chunks: Buffer[] = [];
    stream.on('response', (each) => Object.assign(found, each));
    stream.on('trailers', (each) => void Object.assign(found, each));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (const piece of pieces) {
      await new Promise((written) => stream.write(piece, written));
    }
    stream.end();
    await new Promise<void>((resolve, reject) => stream.on('close', resolve).on('error', reject));
    return { code: Number(found['grpc-status']), text: found['grpc-message'], found, bytes: Buffer.concat(chunks) };
  } finally {
    session.close();
  }
}

/** A server whose calls are answered by their own request, as `serialize` writes it. */
async function serveReplies(serialize: (reply: unknown) => Buffer, held = new HeldBytes(2 ** 20)) {
  const calls = createCalls();
  const parts = {
    ...{ calls, clock: SYSTEM_CLOCK, callers: new WeakMap(), security: {}, log: SILENT, onShed: () => undefined },
    vigil: { enter: () => undefined, leave: () => undefined },
    ...{ patience: { enter: () => undefined, leave: () => undefined }, held },
    shedding: createShedding(SYSTEM_CLOCK.monotonicMs, SILENT, createBacklog()),
    options: { maxMessageBytes: 1000, slowClientTimeoutMs: 1000 },
  } as unknown as QuickParts;
  const method = {
    path: SCORE.path,
    transport: 'grpc' as const,
    deserialize: String,
    handle: (request: never) => Promise.resolve(request),
    serialize,
  };
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => {
    createCallKind(headers, method, parts).open(new NodeCallStream(stream), Infinity);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, calls, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the quick lane', () => {
  it('finds grpc-js as it knows it, so that calls go through it', async () => {
    const server = new Server();
    expect(openQuickLane(server, [], { prefix: '/late', add: () => undefined }, {} as QuickParts)).toBeDefined();
    // grpc-js names its encoding in each answer, which the lane does not.
    const { addresses } = await serve();
    const { code, found, bytes } = await send(addresses.grpc, [framed(message)]);
    expect(code).toBe(status.OK);
    expect(found).not.toHaveProperty('grpc-encoding');
    expect(SCORE.responseDeserialize(bytes.subarray(5))).toMatchObject({ results: [{ score: 1 }] });
  });

  it('fails a call whose reply cannot be written, and only that call', async () => {
    const { server, calls, address } = await serveReplies((reply) => {
      if (reply === 'broken') throw new TypeError('no such reply');
      return Buffer.from(String(reply));
    });
    expect(await send(address, [framed(Buffer.from('broken'))])).toMatchObject({ code: status.INTERNAL });
    expect(calls.inFlight).toBe(0);
    const { code, bytes } = await send(address, [framed(Buffer.from('whole'))]);
    expect(code).toBe(status.OK);
    expect(bytes.subarray(5).toString()).toBe('whole');
    await new Promise((closed) => server.close(closed));
  });

  it('takes no more bytes than it may hold, and none of calls that come then', async () => {
    const held = new HeldBytes(1000);
    const { server, address } = await serveReplies((reply) => Buffer.from(String(reply)), held);
    const small = framed(Buffer.from('small'));
    const exhausted = {
      code: status.RESOURCE_EXHAUSTED,
      text: expect.stringMatching(/as%20many%20bytes.*again%20in%201000%20ms/),
    };
    expect(await send(address, [framed(Buffer.alloc(900))])).toMatchObject(exhausted);
    // What others hold.
    held.take(1000);
    expect(await send(address, [small])).toMatchObject(exhausted);
    held.free(1000);
    for (let time = 0; time < 10; time++) expect(await send(address, [small])).toMatchObject({ code: status.OK });
    await new Promise((closed) => server.close(closed));
  });

  it('steps aside where grpc-js is another', () => {
    const strange = new EventEmitter() as unknown as Server;
    expect(openQuickLane(strange, [], { prefix: '/late', add: () => undefined }, {} as QuickParts)).toBeUndefined();
  });

  it('takes a message that comes byte by byte', async () => {
    const { addresses } = await serve();
    const pieces = [...framed(message)].map((byte) => Buffer.of(byte));
    expect(await send(addresses.grpc, pieces)).toMatchObject({ code: status.OK });
  });

  it.each([
    ['no message', [], status.UNIMPLEMENTED, /wants%20one%20whole%20message/],
    ['half a message', [framed(message).subarray(0, -3)], status.UNIMPLEMENTED, /one%20whole%20message/],
    ['two messages', [framed(message), framed(message)], status.UNIMPLEMENTED, /and%20more%20came/],
    ['a compressed message without an encoding', [framed(message, { flag: 1 })], status.INTERNAL, /compressed/],
    ['a message of 2 GB', [framed(message, { length: 2 ** 31 })], status.RESOURCE_EXHAUSTED, /larger%20than%20max/],
  ])('refuses %s', async (_, pieces, code, text) => {
    const { addresses } = await serve();
    const answer = await send(addresses.grpc, pieces);
    expect(answer.code).toBe(code);
    expect(answer.text).toMatch(text);
    expect(await connect(addresses.grpc).score(dense(2))).toMatchObject({ results: [{ score: 2 }] });
  });

  it('refuses a deadline that is none', async () => {
    const { addresses } = await serve();
    const answer = await send(addresses.grpc, [framed(message)], { 'grpc-timeout': 'soon' });
    expect(answer.code).toBe(status.INTERNAL);
  });

  it('leaves compressed messages to grpc-js', async () => {
    const { addresses } = await serve();
    const compressed = framed(gzipSync(message), { flag: 1 });
    const { code, found } = await send(addresses.grpc, [compressed], { 'grpc-encoding': 'gzip' });
    expect(code).toBe(status.OK);
    expect(found).toHaveProperty('grpc-encoding');
  });
});
