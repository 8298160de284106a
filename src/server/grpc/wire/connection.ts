import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { CallKind } from '../call-kind.ts';
import { OK_TRAILERS, type Peer, RESPONSE_HEADERS } from '../call-stream.ts';
import { NARROW_BYTES } from '../windows.ts';
import { FAULT, FIRST_WINDOW_BYTES, type Fault } from './frames.ts';
import { toBlock } from './header-block.ts';
import { Inbound, type InboundOwner, type TakenSettings } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { Relay } from './relay.ts';
import { ResetLimit } from './reset-limit.ts';
import { type StreamOwner, WireStream } from './wire-stream.ts';

/** What a connection asks of the server. */
export interface WireParts {
  /** What a call is that is answered here; undefined where the session has to answer it. */
  readonly kindOf: (headers: IncomingHttpHeaders) => CallKind | undefined;
  /** The header block of a refusal. */
  readonly blockOf: (trailers: OutgoingHttpHeaders) => Buffer;
  /** Most calls at once. */
  readonly maxCalls: number;
}

/** Bytes taken that the client is told of together: with the half of its window that node:http2 lets pass, less than the smallest window. */
const GIVE_BACK_BYTES = NARROW_BYTES;
/** A client that does not read is not read either, once so many bytes wait for it. */
const MOST_UNSENT_BYTES = 2 ** 20;

/** The shortest time after which a connection can count as idle is a second. */
const IDLE_CHECK_MS = 250;

const RESPONSE_BLOCK = toBlock(RESPONSE_HEADERS);
const OK_BLOCK = toBlock(OK_TRAILERS);

interface Unsent {
  readonly stream: WireStream;
  readonly message: Buffer;
  sent: number;
}

/**
 * A connection of HTTP/2 without TLS, from which unary calls are taken and answered frame by frame, at a fraction of what a stream
 * of node:http2 costs. All else goes on to node:http2's session, whose socket this is: it keeps settings, pings, windows,
 * age and shutdown, and has every other stream; it sees a connection on which the streams taken here were left out (RFC 9113, section
 * 5.1.1: "the first use of a new stream identifier implicitly closes all streams with lower-valued ones").
 */
export class WireConnection extends Duplex implements StreamOwner, InboundOwner {
  /** Told when the connection has calls after it had none; answers what to tell when it has none again. */
  onBusy: (() => () => void) | undefined;
  readonly #socket: Socket;
  readonly #parts: WireParts;
  readonly #out: Outbound;
  readonly #in = new Inbound(this);
  readonly #relay: Relay;
  readonly #streams = new Map<number, WireStream>();
  readonly #unsent = new Map<number, Unsent>();
  /** What came before the session had said its settings. */
  #early: Buffer[] = [];
  #streamWindowBytes = FIRST_WINDOW_BYTES;
  readonly #resets = new ResetLimit();
  #owedBytes = 0;
  #idle: (() => void) | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #ending: (() => void) | undefined;
  #drained: (() => void) | undefined;

  constructor(socket: Socket, parts: WireParts) {
    super();
    this.#socket = socket.setNoDelay(true);
    this.#parts = parts;
    this.#out = new Outbound(socket);
    this.#relay = new Relay(this.#out, () => this.#in.lastId);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#drain());
    // Who says no more has gone, as without this lane. Were the session told of an end, it would end its side as well, and what a stream
    // writes in the same turn would end the process: node:http2 takes no write of its own behind that.
    socket.on('end', () => this.#end());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  get peer(): Peer {
    const { remoteAddress: address, remotePort: port } = this.#socket;
    return { address, port, certificate: undefined };
  }

  sendAnswer(stream: WireStream, message: Buffer): void {
    this.#out.headers(stream.id, this.#start(RESPONSE_BLOCK), false);
    const unsent = { stream, message, sent: 0 };
    if (!this.#send(unsent)) this.#unsent.set(stream.id, unsent);
  }

  sendRefusal(stream: WireStream, trailers: OutgoingHttpHeaders): void {
    this.#refuse(stream.id, trailers, stream.isReceived);
    stream.over();
  }

  #refuse(id: number, trailers: OutgoingHttpHeaders, isWhole: boolean): void {
    this.#out.headers(id, this.#start(this.#parts.blockOf(trailers)), true);
    // What it has not sent yet it need not send (RFC 9113, section 8.1); what is on its way is let pass.
    if (!isWhole) this.#out.reset(id, FAULT.NO_ERROR);
  }

  tearDown(stream: WireStream): void {
    this.#out.reset(stream.id, FAULT.ENHANCE_YOUR_CALM);
    stream.over();
  }

  giveBackOn(stream: WireStream, bytes: number): void {
    this.giveBack(bytes);
    stream.owedBytes += bytes;
    if (stream.owedBytes < GIVE_BACK_BYTES || stream.isReceived) return;
    this.#out.windowUpdate(stream.id, stream.owedBytes);
    stream.owedBytes = 0;
  }

  grant(stream: WireStream, bytes: number): void {
    if (bytes < GIVE_BACK_BYTES) return;
    this.#out.windowUpdate(stream.id, bytes);
    stream.owedBytes -= bytes;
  }

  pass(bytes: Buffer): void {
    this.push(bytes);
  }

  streamOf(id: number): WireStream | undefined {
    return this.#streams.get(id);
  }

  kindOf(headers: IncomingHttpHeaders): CallKind | undefined {
    return this.#parts.kindOf(headers);
  }

  open(id: number, kind: CallKind, timeoutMs: number | undefined, isWhole: boolean): void {
    // The session has said so: whoever asks does so again on another connection.
    if (id > this.#relay.lastTaken) return;
    if (this.#streams.size >= this.#parts.maxCalls) {
      this.#out.reset(id, FAULT.REFUSED_STREAM);
      return;
    }
    const refusal = kind.refusalOf(timeoutMs);
    if (refusal !== undefined) {
      this.#refuse(id, refusal, isWhole);
      return;
    }
    const stream = new WireStream(id, this.#streamWindowBytes, this, isWhole);
    kind.open(stream, timeoutMs);
    // It may be over at once.
    if (!stream.isOpen) return;
    if (this.#idle === undefined) this.#beBusy();
    this.#streams.set(id, stream);
  }

  cancel(stream: WireStream): void {
    this.forget(stream);
    stream.cancel();
    if (!this.#resets.take()) this.fail(FAULT.ENHANCE_YOUR_CALM);
  }

  takeWindow(bytes: number): number {
    const rest = this.#relay.takeWindow(bytes);
    this.#sendMore();
    return rest;
  }

  takeStreamWindow(stream: WireStream, bytes: number): void {
    stream.windowBytes += bytes;
    this.#sendMore();
  }

  takeSettings({ windowBytes = this.#streamWindowBytes, tableBytes }: TakenSettings): void {
    this.#relay.observe(tableBytes);
    if (windowBytes === this.#streamWindowBytes) return;
    for (const stream of this.#streams.values()) stream.windowBytes += windowBytes - this.#streamWindowBytes;
    this.#streamWindowBytes = windowBytes;
    this.#sendMore();
  }

  /** The client has broken the rules of HTTP/2. */
  fail(fault: Fault): void {
    if (this.destroyed) return;
    this.#out.goAway(this.#in.lastId, fault);
    this.#end();
  }

  #end(): void {
    this.#out.end();
    this.destroy();
  }

  forget({ id }: WireStream): void {
    this.#streams.delete(id);
    this.#unsent.delete(id);
    if (this.#streams.size === 0) this.#endWhenIdle();
  }

  override _read(): void {
    // What comes is pushed as it comes: HTTP/2 has windows of its own.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#relay.write(chunk);
    if (this.#relay.isBroken) {
      // node:http2 leaves it open, and no longer reads it: it would stay even when the client is gone (RFC 9113, section 5.4.1).
      this.#end();
      return;
    }
    if (this.#early.length > 0) for (const each of this.#early.splice(0)) this.#take(each);
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) this.#drained = done;
    else done();
  }

  /** The session has said all; calls that were taken are finished first. */
  override _final(done: () => void): void {
    this.#ending = done;
    this.#endWhenIdle();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    for (const stream of [...this.#streams.values()]) {
      this.#streams.delete(stream.id);
      stream.cancel();
    }
    this.#unsent.clear();
    this.#beIdle();
    done(error);
  }

  /** Looked at now and then, and not for each call, of which the one ends before the next one comes. */
  #beBusy(): void {
    this.#idle = this.onBusy?.();
    this.#idleTimer ??= setInterval(() => {
      if (this.#streams.size === 0) this.#beIdle();
    }, IDLE_CHECK_MS).unref();
  }

  #beIdle(): void {
    clearInterval(this.#idleTimer);
    this.#idleTimer = undefined;
    this.#out.rest();
    this.#idle?.();
    this.#idle = undefined;
  }

  #endWhenIdle(): void {
    const done = this.#ending;
    if (done === undefined || this.#streams.size > 0) return;
    this.#ending = undefined;
    this.#out.end();
    done();
  }

  #drain(): void {
    this.#socket.resume();
    this.#drained?.();
    this.#drained = undefined;
  }

  #start(block: Buffer): Buffer {
    const start = this.#relay.blockStart();
    return start.length === 0 ? block : Buffer.concat([start, block]);
  }

  /** Whether all of it has gone. */
  #send(unsent: Unsent): boolean {
    const { stream, message, sent } = unsent;
    const to = this.#out.message(stream.id, message, sent, stream.windowBytes);
    this.#relay.sentBeside(to - sent);
    stream.windowBytes -= to - sent;
    unsent.sent = to;
    if (to < this.#out.wholeOf(message)) return false;
    this.#out.headers(stream.id, this.#start(OK_BLOCK), true);
    stream.sent();
    return true;
  }

  #sendMore(): void {
    for (const [id, unsent] of this.#unsent) if (this.#send(unsent)) this.#unsent.delete(id);
  }

  giveBack(bytes: number): void {
    this.#owedBytes += bytes;
    if (this.#owedBytes < GIVE_BACK_BYTES) return;
    this.#out.windowUpdate(0, this.#owedBytes);
    this.#owedBytes = 0;
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    if (!this.#relay.isOpen) {
      this.#early.push(chunk);
      return;
    }
    this.#in.read(chunk);
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) this.#socket.pause();
  }
}
