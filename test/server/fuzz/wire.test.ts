import { connect, type Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadContract, SERVICE } from '../../../src/server/grpc/contract.ts';
import { FRAME, FrameReader, PREFACE, toFrame, toHeaderFrames } from '../../../src/server/grpc/wire/frames.ts';
import { encodeFields, HeaderDecoder } from '../../../src/server/grpc/wire/hpack.ts';
import { dense, HEALTH } from '../../support/grpc-client.ts';
import { createHttp2Fixture, framed, startCall } from '../../support/http2-calls.ts';
import { FUZZ_INPUTS, run } from './campaign.ts';
import { mutated } from './mutations.ts';
import { CALLERS_FAULTS, createFuzzedServers, nameOf } from './served.ts';

const serve = createFuzzedServers();
const open = createHttp2Fixture();
const methods = loadContract()[SERVICE] as ServiceDefinition;
const [SCORE, STREAM] = [methods['Score']!.path, methods['ScoreStream']!.path];
const message = framed(methods['Score']!.requestSerialize(dense(1, 2, 3)));

const SETTINGS = toFrame(FRAME.SETTINGS, 0, 0, Buffer.alloc(0));
const END_STREAM = 1;
const headersOf = (id: number, path: string, more: Readonly<Record<string, string>> = {}, ends = false): Buffer => {
  const fields = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'x', te: 'trailers', ...more };
  const typed = { ...fields, 'content-type': 'application/grpc' };
  return toHeaderFrames(id, encodeFields(Object.entries(typed).map(([name, value]) => ({ name, value }))), ends);
};
const dataOf = (id: number, bytes: Buffer, flags = END_STREAM): Buffer => toFrame(FRAME.DATA, flags, id, bytes);
const numberOf = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Connections as clients begin them, each with calls on it. */
const GOOD = [
  [headersOf(1, SCORE), dataOf(1, message), headersOf(3, SCORE, { 'grpc-timeout': '5S' }), dataOf(3, message)],
  [headersOf(1, STREAM), dataOf(1, message, 0), dataOf(1, message)],
  [headersOf(1, SCORE), headersOf(3, STREAM), dataOf(3, message, 0), dataOf(1, message), dataOf(3, message)],
  [
    headersOf(1, HEALTH['Check']!.path),
    dataOf(1, framed(Buffer.alloc(0))),
    headersOf(3, methods['DescribeModel']!.path),
    dataOf(3, framed(Buffer.alloc(0))),
  ],
  [headersOf(1, '/inference.GRPCInferenceService/ServerReady'), dataOf(1, framed(Buffer.alloc(0)))],
  [
    headersOf(1, SCORE),
    dataOf(1, message.subarray(0, 9), 0),
    toFrame(FRAME.RST_STREAM, 0, 1, numberOf(8)),
    headersOf(3, SCORE),
    dataOf(3, message),
  ],
  [
    toFrame(FRAME.WINDOW_UPDATE, 0, 0, numberOf(1000)),
    toFrame(FRAME.SETTINGS, 0, 0, Buffer.from('000400000010', 'hex')),
    headersOf(1, SCORE),
    dataOf(1, message),
    toFrame(FRAME.WINDOW_UPDATE, 0, 1, numberOf(5000)),
  ],
  [headersOf(1, SCORE), toFrame(FRAME.DATA, 9, 1, Buffer.concat([Buffer.of(3), message, Buffer.alloc(3)]))],
  [
    headersOf(1, '/nobody/knows'),
    dataOf(1, message),
    headersOf(3, STREAM, { 'grpc-encoding': 'gzip' }),
    dataOf(3, message, 0),
    toFrame(FRAME.GOAWAY, 0, 0, Buffer.alloc(8)),
  ],
].map((frames) => Buffer.concat([PREFACE, SETTINGS, ...frames]));

/**
 * Behind what was changed: frames that nobody knows, longer together than any frame, and a ping. Whatever is unfinished in front of
 * them, the server answers the ping or closes the connection, and nobody has to wait for a time to pass.
 */
const PING = Buffer.from('fuzzping');
const TAIL = Buffer.concat([
  toFrame(0xbb, 0, 0, Buffer.alloc(16_000)),
  toFrame(0xbb, 0, 0, Buffer.alloc(16_000)),
  toFrame(FRAME.PING, 0, 0, PING),
]);

interface Heard {
  readonly ended: 'closed' | 'open';
  /** Of each call that was answered before. */
  readonly statuses: readonly { readonly code: number; readonly text: string }[];
}

/**
 * Sends bytes on a connection of their own, and reads what is answered until the ping and what was under way with it, or the end.
 * `witness`: a call that came later, on another connection, is answered.
 */
function send(port: number, bytes: Buffer, witness: () => Promise<unknown>): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const statuses: Heard['statuses'][number][] = [];
    const [frames, decoder] = [new FrameReader(), new HeaderDecoder()];
    const socket: Socket = connect({ port, host: '127.0.0.1' }, () => socket.write(Buffer.concat([bytes, TAIL])));
    const over = (ended: Heard['ended']): void => {
      socket.destroy();
      resolve({ ended, statuses });
    };
    socket.on('data', (chunk: Buffer) =>
      frames.read(chunk, ({ type, flags, bytes: all, from, to }) => {
        const isPong = type === FRAME.PING && (flags & 1) === 1 && all.subarray(from, to).equals(PING);
        // Whoever is scored after others is answered after them; what has come with that answer is read in the same turn.
        if (isPong) witness().then(() => setImmediate(over, 'open'), reject);
        if (type !== FRAME.HEADERS) return;
        const fields = new Map(decoder.decode(all, from, to)!.map(({ name, value }) => [name, value]));
        const code = fields.get('grpc-status');
        if (code !== undefined)
          statuses.push({ code: Number(code), text: decodeURI(fields.get('grpc-message') ?? '') });
      }),
    );
    socket.on('error', () => undefined);
    socket.on('close', () => over('closed'));
  });
}

/** What is said of headers that are wrong, beside the faults of messages. */
const OF_HEADERS: readonly number[] = [status.UNIMPLEMENTED, status.DEADLINE_EXCEEDED, status.FAILED_PRECONDITION];
const INTERNAL: number = status.INTERNAL;
const OF_HEADERS_INTERNAL = /^Invalid grpc-timeout value|message is compressed/;

it(`answers ${FUZZ_INPUTS} connections of mutated frames of HTTP/2 or closes them, and keeps nothing`, async () => {
  const { grpc, atRest, checkLog } = await serve();
  const port = Number(grpc.split(':')[1]);
  const session = open(grpc);
  // Of a stream, which takes the longest way: calls of all kinds that came before are answered before it.
  const witness = async (): Promise<void> => {
    const { stream, end } = startCall(session, STREAM);
    stream.end(message);
    expect((await end).code).toBe(status.OK);
  };
  await witness();
  const outcomes = await run({
    ...{ entrance: 'gRPC', what: 'connections of frames of HTTP/2, without TLS', inputs: mutated(GOOD), atRest },
    send: async (bytes) => {
      const { ended, statuses } = await send(port, bytes, witness);
      for (const { code, text } of statuses) {
        if (code === INTERNAL) expect(text).toMatch(OF_HEADERS_INTERNAL);
        else expect([status.OK, ...CALLERS_FAULTS, ...OF_HEADERS]).toContain(code);
      }
      const told = statuses.map(({ code }) => nameOf(code));
      return [ended, ...new Set(told)].join(', ');
    },
  });
  const seen = Object.keys(outcomes).join('; ');
  expect(seen).toMatch(/open, OK/);
  expect(seen).toMatch(/closed/);
  await witness();
  checkLog();
}, 3_600_000);
