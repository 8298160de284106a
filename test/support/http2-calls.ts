import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
  type Settings,
} from 'node:http2';
import { afterEach } from '@jest/globals';
import { DATA_METADATA } from '../../src/server/grpc/status.ts';

/** A gRPC call as bytes of HTTP/2, without a client that keeps its rules. */
export interface Http2Call {
  readonly stream: ClientHttp2Stream;
  readonly end: Promise<Http2Answer>;
}

export interface Http2Answer {
  /** The status; NaN where the stream was torn down before. */
  readonly code: number;
  readonly text: string;
  /** Milliseconds after which to ask again, where the facts of the refusal name them. */
  readonly retryAfterMs: number | undefined;
  /** The code of HTTP/2 with which the stream was closed. */
  readonly reset: number;
  /** The messages, without what frames them. */
  readonly messages: readonly Buffer[];
}

export interface Http2Options {
  readonly settings?: Settings;
  /** Trusts this authority, and speaks TLS. */
  readonly ca?: string;
}

/** Connections of HTTP/2, closed after each test. */
export function createHttp2Fixture(): (address: string, options?: Http2Options) => ClientHttp2Session {
  const sessions: ClientHttp2Session[] = [];
  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });
  return (address, { settings = {}, ca } = {}) => {
    const secure: SecureClientSessionOptions = ca === undefined ? {} : { ca };
    const session = connect(`${ca === undefined ? 'http' : 'https'}://${address}`, { settings, ...secure });
    session.on('error', () => undefined);
    sessions.push(session);
    return session;
  };
}

export function startCall(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): Http2Call {
  const post = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ...post, ...headers });
  const found: Record<string, unknown> = {};
  const chunks: Buffer[] = [];
  for (const event of ['response', 'trailers'] as const) stream.on(event, (each: object) => Object.assign(found, each));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Its code says it.
  stream.on('error', () => undefined);
  const end = new Promise<Http2Answer>((resolve) =>
    stream.on('close', () =>
      resolve({
        code: Number(found['grpc-status']),
        text: decodeURI(String(found['grpc-message'])),
        retryAfterMs: retryAfterMsIn(found[DATA_METADATA]),
        reset: stream.rstCode,
        messages: messagesIn(Buffer.concat(chunks)),
      }),
    ),
  );
  return { stream, end };
}

function retryAfterMsIn(data: unknown): number | undefined {
  if (typeof data !== 'string') return undefined;
  const facts = JSON.parse(Buffer.from(data, 'base64').toString()) as { readonly retryAfterMs?: number };
  return facts.retryAfterMs;
}

/** A message as gRPC frames it. */
export function framed(message: Buffer, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = isCompressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const to = at + 5 + bytes.readUInt32BE(at + 1);
    if (to <= bytes.length) messages.push(bytes.subarray(at + 5, to));
    at = to;
  }
  return messages;
}
