import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { status } from './engine.ts';
import { COMMON_HEADERS } from './trailers-only.ts';

/** What a unary call comes in on, and is answered on. */
export interface CallStream {
  /** Tells when the stream is over. */
  watch(events: CallEvents): void;
  /** Tells of the message, as it comes: nothing is read before that. */
  read(): void;
  /** So many bytes more of the message are wanted: all of them may come at once, whatever the window is. */
  expect?(bytes: number): void;
  /** Whether somebody waits for an answer. */
  readonly isOpen: boolean;
  /** Answers with one message and OK. The stream may be over before this returns. */
  answer(message: Buffer): void;
  /** Ends the call by a status alone; likewise. */
  refuse(trailers: OutgoingHttpHeaders): void;
  /** Gives up an answer that nobody takes: clients read it as RESOURCE_EXHAUSTED (gRPC over HTTP/2, "Errors"). */
  tearDown(): void;
  readonly peer: Peer;
}

export interface Peer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** The certificate that the connection was opened with, where one was asked for and found good. */
  readonly certificate: DetailedPeerCertificate | undefined;
}

export interface CallEvents {
  /** A piece of the message, as gRPC frames it. */
  take(chunk: Buffer): void;
  /** There is no more of it. */
  answer(): void;
  /** The stream is over: the caller has the answer, or has gone. */
  close(): void;
}

/** Of each answer of one message. */
export const RESPONSE_HEADERS = { ...COMMON_HEADERS, 'grpc-accept-encoding': 'identity,deflate,gzip' };
export const OK_TRAILERS = { 'grpc-status': status.OK };

/** Flag and length that stand before a message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

const WITH_TRAILERS = { waitForTrailers: true };
function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(OK_TRAILERS);
}
const ignore = (): void => undefined;

/** A stream of node:http2. */
export class NodeCallStream implements CallStream {
  readonly #stream: ServerHttp2Stream;
  #events: CallEvents | undefined;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    // A fault of the stream is followed by its close, which ends the call.
    stream.on('error', ignore);
  }

  watch(events: CallEvents): void {
    this.#events = events;
    this.#stream.on('close', () => events.close());
  }

  read(): void {
    this.#stream.on('data', (chunk: Buffer) => this.#events?.take(chunk));
    this.#stream.on('end', () => this.#events?.answer());
  }

  get isOpen(): boolean {
    const { destroyed, closed, headersSent } = this.#stream;
    return !destroyed && !closed && !headersSent;
  }

  answer(message: Buffer): void {
    const stream = this.#stream;
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, PREFIX_BYTES);
    stream.respond(RESPONSE_HEADERS, WITH_TRAILERS);
    stream.once('wantTrailers', sendOk);
    stream.end(frame);
  }

  refuse(trailers: OutgoingHttpHeaders): void {
    const stream = this.#stream;
    stream.respond(trailers, { endStream: true });
    // What the caller still sends is let pass, which would fill the window of the connection; and it need not send the rest (RFC 9113,
    // section 8.1).
    stream.resume();
    if (!stream.readableEnded && !stream.endAfterHeaders) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  tearDown(): void {
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  get peer(): Peer {
    const socket = this.#stream.session?.socket;
    const shown = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined;
    const certificate = shown?.raw === undefined ? undefined : (shown as DetailedPeerCertificate);
    return { address: socket?.remoteAddress, port: socket?.remotePort, certificate };
  }
}

/** A call whose message is not compressed. */
export function isPlain(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['grpc-encoding'];
  return (
    (encoding === undefined || encoding === 'identity') &&
    (headers['content-type'] ?? '').startsWith('application/grpc') &&
    headers[':method'] === 'POST'
  );
}
