import type { OutgoingHttpHeaders } from 'node:http2';
import type { CallEvents, CallStream, Peer } from '../call-stream.ts';
import { keepPiece } from '../held-bytes.ts';
import { FAULT, type Fault } from './frames.ts';

/** What a caller may send before anybody reads it is bounded by its window, which is smaller. */
const MOST_EARLY_BYTES = 2 ** 20;

/** What a stream asks of its connection. */
export interface StreamOwner {
  readonly peer: Peer;
  /** Sends an answer, as far as the windows let it. */
  sendAnswer(stream: WireStream, message: Buffer): void;
  sendRefusal(stream: WireStream, trailers: OutgoingHttpHeaders): void;
  tearDown(stream: WireStream): void;
  /** So many bytes of the stream were taken, and more may come. */
  giveBackOn(stream: WireStream, bytes: number): void;
  /** So many bytes may come on the stream beyond its window. */
  grant(stream: WireStream, bytes: number): void;
  /** Both sides have said all. */
  forget(stream: WireStream): void;
  /** The connection is of no use any longer. */
  fail(fault: Fault): void;
}

/** A stream of a unary call on a connection whose frames are read here. */
export class WireStream implements CallStream {
  readonly id: number;
  /** Bytes of the answer that the caller takes at present. */
  windowBytes: number;
  /** Taken, and not given back to the caller's window; below 0 where it was given in advance. */
  owedBytes = 0;
  readonly #owner: StreamOwner;
  #events: CallEvents | undefined;
  /** Came before it was read. */
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #reading = false;
  /** The caller has sent all; the answer is handed over; all of it is sent. */
  #received: boolean;
  #answered = false;
  #sent = false;

  /** `isReceived`: the caller says nothing after its headers. */
  constructor(id: number, windowBytes: number, owner: StreamOwner, isReceived = false) {
    this.id = id;
    this.windowBytes = windowBytes;
    this.#owner = owner;
    this.#received = isReceived;
  }

  get peer(): Peer {
    return this.#owner.peer;
  }

  watch(events: CallEvents): void {
    this.#events = events;
  }

  read(): void {
    this.#reading = true;
    const early = this.#early;
    this.#early = [];
    for (const each of early) this.#hand(each);
    if (this.#received) this.#events?.answer();
  }

  expect(bytes: number): void {
    if (!this.#received) this.#owner.grant(this, bytes);
  }

  /** The caller's bytes, and whether they are the last. `bytes`: what they take of the windows, padding included. */
  receive(chunk: Buffer, bytes: number, isLast: boolean): void {
    // A caller that has said all has no more to say (RFC 9113, section 5.1): it is let pass, and begins no other call.
    if (this.#received) {
      this.#owner.giveBackOn(this, bytes);
      return;
    }
    // What comes after the answer is let pass.
    if (this.#reading || this.#answered) {
      this.#hand(chunk, bytes);
    } else {
      this.#earlyBytes += chunk.length;
      if (this.#earlyBytes > MOST_EARLY_BYTES) {
        this.#owner.fail(FAULT.FLOW_CONTROL_ERROR);
        return;
      }
      this.#early.push(keepPiece(chunk));
      this.#owner.giveBackOn(this, bytes - chunk.length);
    }
    if (!isLast) return;
    this.#received = true;
    if (this.#reading) this.#events?.answer();
    this.#forgetWhenDone();
  }

  #hand(chunk: Buffer, bytes = chunk.length): void {
    if (chunk.length > 0 && !this.#answered) this.#events?.take(chunk);
    this.#owner.giveBackOn(this, bytes);
  }

  get isOpen(): boolean {
    return !this.#answered;
  }

  answer(message: Buffer): void {
    this.#answered = true;
    this.#owner.sendAnswer(this, message);
  }

  refuse(trailers: OutgoingHttpHeaders): void {
    this.#answered = true;
    for (const each of this.#early.splice(0)) this.#owner.giveBackOn(this, each.length);
    this.#owner.sendRefusal(this, trailers);
  }

  tearDown(): void {
    this.#owner.tearDown(this);
  }

  get isReceived(): boolean {
    return this.#received;
  }

  /** The answer has gone to its end. */
  sent(): void {
    this.#sent = true;
    this.#forgetWhenDone();
  }

  /** It was refused, and all of that is sent; or it was torn down. */
  over(): void {
    this.#owner.forget(this);
    this.#close();
  }

  /** The caller has given it up, or the connection is lost. */
  cancel(): void {
    this.#answered = true;
    for (const each of this.#early.splice(0)) this.#owner.giveBackOn(this, each.length);
    this.#close();
  }

  #forgetWhenDone(): void {
    if (!this.#received || !this.#sent) return;
    this.#owner.forget(this);
    this.#close();
  }

  #close(): void {
    const events = this.#events;
    this.#events = undefined;
    events?.close();
  }
}
