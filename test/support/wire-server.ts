import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';
import type { CallStream } from '../../src/server/grpc/call-stream.ts';
import { openWireLane } from '../../src/server/grpc/wire/lane.ts';
import { WireStream } from '../../src/server/grpc/wire/wire-stream.ts';

/** What a test has opened, closed after it. */
export const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export interface QuickCall {
  readonly stream: WireStream;
  readonly headers: IncomingHttpHeaders;
  readonly message: Buffer;
}

/** A server that answers /quick... on the wire, by `answer` when the message is whole, and all else by node:http2. `expected`: bytes of each message, where it is told them. */
export async function serveWire(answer: (call: QuickCall) => void = echo, { maxCalls = 100, expected = 0 } = {}) {
  const server: Http2Server = createServer();
  const seen: string[] = [];
  let [closed, busy, sessions] = [0, 0, 0];
  server.on('session', (session) => {
    sessions++;
    session.once('close', () => sessions--);
  });
  server.on('stream', (stream, headers) => {
    seen.push(`session ${headers[':path']!}`);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => undefined);
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'x-by': 'session', 'x-peer': String(stream.session?.socket.remotePort) });
      stream.end(Buffer.concat(chunks));
    });
  });
  const open = (stream: WireStream, headers: IncomingHttpHeaders): void => {
    seen.push(`wire ${headers[':path']!}`);
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => {
      if (chunks.push(chunk) === 1 && expected > 0) stream.expect(expected - chunk.length);
    };
    stream.watch({
      take,
      answer: () => answer({ stream, headers, message: Buffer.concat(chunks) }),
      close: () => closed++,
    });
    stream.read();
  };
  const cutOff = openWireLane(server, {
    kindOf: (headers) => {
      if (!headers[':path']!.startsWith('/quick')) return undefined;
      const openHere = (stream: CallStream): void => {
        if (!(stream instanceof WireStream)) throw new TypeError('the stream is not one of the wire');
        open(stream, headers);
      };
      return { refusalOf: () => undefined, open: openHere };
    },
    maxCalls,
    onBusy: () => {
      busy++;
      return () => busy--;
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    cutOff();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, seen, cutOff, closed: () => closed, busy: () => busy, sessions: () => sessions };
}

function echo({ stream, message }: QuickCall): void {
  stream.answer(message);
}

export function connectWire(port: number, options: Parameters<typeof connectHttp2>[1] = {}): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`, options);
  session.on('error', () => undefined);
  closers.push(() => session.destroy());
  return session;
}

/** A call by node:http2, which knows nothing of what is behind: its answer's headers, trailers and bytes. */
export async function callWire(
  session: ClientHttp2Session,
  path: string,
  body: Buffer,
  headers: IncomingHttpHeaders = {},
) {
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  const found: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (each) => Object.assign(found, each));
  stream.on('trailers', (each) => void Object.assign(found, each));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined);
  stream.end(body);
  // A fault is a part of the answer.
  await new Promise<void>((resolve) => stream.on('close', resolve));
  return { found, bytes: Buffer.concat(chunks), fault: stream.rstCode };
}

/** An answer is framed as gRPC does. */
export const framed = (message: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};
