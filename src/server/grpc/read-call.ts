import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import { keepPiece, PIECE_BYTES, tooManyBytes, type HeldBytes } from './held-bytes.ts';
import { MessagePosition } from './message-position.ts';
import { type Encoding, PackedMessages, tooLarge } from './packed-messages.ts';
import { LOOKS, NOT_TAKEN, NOT_WHOLE, notWholeIn, type Patience, type Waiter } from './patience.ts';

export interface ReadParts {
  readonly patience: Pick<Patience, 'enter' | 'leave'>;
  readonly held: Pick<HeldBytes, 'take' | 'fits' | 'free'>;
  readonly options: { readonly slowClientTimeoutMs: number; readonly maxMessageBytes: number };
  readonly log: Logger;
}

export type OnData = (chunk: Buffer) => void;
export type OnEnd = () => void;

export interface ReadFrom {
  readonly stream: ServerHttp2Stream;
  /** How grpc-js takes what comes, and the end of it. */
  readonly onData: OnData;
  readonly onEnd: OnEnd;
  readonly requestStream: boolean;
  readonly fail: (error: AristarchError) => void;
  /** Of messages that are to be inflated. */
  readonly encoding: Encoding | undefined;
  /** Bytes that a message of this method may have, where that is less than of all others. */
  readonly mostBytes?: number | undefined;
}

/** A call that grpc-js reads, between the stream and grpc-js. */
export class ReadCall implements Waiter {
  readonly #stream: ServerHttp2Stream;
  readonly #onData: OnData;
  readonly #requestStream: boolean;
  readonly #mostBytes: number;
  readonly #parts: ReadParts;
  readonly #position = new MessagePosition();
  readonly #packed: PackedMessages | undefined;
  #fail: (error: AristarchError) => void;
  #heldBytes = 0;
  /** Looks at which the message that comes was not whole, and at which the answer that goes was not taken. */
  #looks = 0;
  #untakenLooks = 0;
  #unpacked = 0;
  /** What still comes is let pass. */
  #failed = false;

  constructor(from: ReadFrom, parts: ReadParts) {
    const { stream, onData, onEnd, requestStream, fail, encoding, mostBytes = Infinity } = from;
    this.#stream = stream;
    this.#onData = onData;
    this.#requestStream = requestStream;
    this.#fail = fail;
    this.#mostBytes = mostBytes;
    this.#parts = parts;
    this.#packed = encoding && this.#openPacked(encoding, onEnd);
    parts.patience.enter(this);
    // grpc-js has paused the stream: nothing comes before it asks.
    stream.removeListener('data', onData);
    stream.removeListener('end', onEnd);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#end(onEnd));
    stream.once('close', () => {
      parts.patience.leave(this);
      this.#freeAll();
    });
  }

  /** What to do about a message that is too large: where there is a bound of the method's own, its messages are a name. */
  get #remedy(): string {
    return this.#mostBytes === Infinity ? 'send less at a time, or raise --max-message-bytes' : 'name one service';
  }

  #openPacked(encoding: Encoding, end: OnEnd): PackedMessages {
    const { held, options } = this.#parts;
    return new PackedMessages({
      ...{ encoding, held, end, remedy: this.#remedy },
      maxMessageBytes: Math.min(options.maxMessageBytes, this.#mostBytes),
      // A call of one message may have a second, which is refused before the first is answered.
      mostAheadBytes: this.#requestStream ? AHEAD_BYTES : Infinity,
      handOn: (frame) => {
        this.#unpacked++;
        this.#onData(frame);
      },
      fail: (error) => this.#refuse(error),
    });
  }

  /** How many whole messages grpc-js was given. */
  get handedOn(): number {
    return this.#packed === undefined ? this.#position.wholes : this.#unpacked;
  }

  /** grpc-js wants a message. */
  ask(): void {
    this.#packed?.ask();
    this.#restWhileBusy();
  }

  /** A message was answered; of a stream, the one for which it came. */
  answered(): void {
    if (this.#requestStream) this.#packed?.answered();
  }

  /** The caller has taken an answer. */
  taken(): void {
    this.#untakenLooks = 0;
  }

  /** It is answered as a whole. */
  over(): void {
    this.#freeAll();
  }

  /** Nobody wants what is still to come. */
  letPass(): void {
    this.#failed = true;
    this.#freeAll();
    this.#stream.resume();
  }

  failBy(fail: (error: AristarchError) => void): void {
    this.#fail = fail;
  }

  /** Why the last message is none; undefined where it is whole, or the call has failed before. */
  cutShort(): AristarchError | undefined {
    if (this.#failed || !this.#position.isWithin) return undefined;
    this.#failed = true;
    return new AristarchError('INVALID_INPUT', 'the caller has ended within a message: send it whole before the end');
  }

  #end(onEnd: OnEnd): void {
    // A stream's handler hears of it behind the messages before it.
    const fault = this.#requestStream ? undefined : this.cutShort();
    if (fault !== undefined) this.#fail(fault);
    if (this.#packed === undefined) onEnd();
    else this.#packed.end();
  }

  #take(chunk: Buffer): void {
    if (this.#failed) return;
    // Once the call is answered grpc-js lets pass what comes, or reads it until the answer is taken: compressed messages it would inflate.
    if (this.#stream.writableEnded) {
      this.#freeAll();
      if (this.#packed === undefined) this.#onData(chunk);
      return;
    }
    const unfinished = Math.min(this.#position.read(chunk), chunk.length);
    if (unfinished < chunk.length) this.#finish();
    if (this.#packed === undefined) this.#takePlain(chunk, unfinished);
    else {
      this.#packed.take(chunk);
      this.#restWhileBusy();
    }
  }

  #takePlain(chunk: Buffer, unfinished: number): void {
    // All of a call of one message is kept until the call is over.
    const kept = this.#requestStream ? unfinished : chunk.length;
    const { messageBytes } = this.#position;
    if (messageBytes > this.#mostBytes) {
      this.#refuse(tooLarge(`${messageBytes} bytes`, { maxMessageBytes: this.#mostBytes, remedy: this.#remedy }));
      return;
    }
    if (kept === 0 || this.#hold(kept + PIECE_BYTES)) {
      this.#onData(unfinished === 0 ? chunk : keepPiece(chunk));
      return;
    }
    // Those that are whole are answered all the same.
    if (kept < chunk.length) this.#onData(chunk.subarray(0, -kept));
    this.#refuse(tooManyBytes());
  }

  /** What comes while messages wait to be inflated would wait as well. */
  #restWhileBusy(): void {
    if (this.#packed?.isBusy === true) this.#stream.pause();
  }

  /** A message is whole. What is held of a call of one message is held until the call is over. */
  #finish(): void {
    this.#looks = 0;
    if (this.#requestStream) this.#free();
  }

  #hold(bytes: number): boolean {
    if (!this.#parts.held.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /**
   * Once the caller knows, it need not send the rest (RFC 9113, section 8.1). Behind answers the status would be lost with that, so that the
   * stream is left to the caller, or to `look`.
   */
  #refuse(error: AristarchError): void {
    this.#failed = true;
    this.#free();
    this.#packed?.stop();
    const isAlone = !this.#stream.headersSent;
    this.#fail(error);
    if (isAlone && this.#stream.writableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #free(): void {
    this.#parts.held.free(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Nothing more is wanted of the caller. */
  #freeAll(): void {
    this.#free();
    this.#packed?.close();
  }

  look(): void {
    this.#looks = this.#waitsForMessage() ? this.#looks + 1 : 0;
    this.#untakenLooks = this.#waitsToBeTaken() ? this.#untakenLooks + 1 : 0;
    if (this.#untakenLooks > LOOKS) this.#letGo();
    else if (this.#looks > LOOKS) this.#refuseSlow();
  }

  /** Of several answers each by itself: those behind it wait in grpc-js, with the status. */
  #waitsToBeTaken(): boolean {
    return this.#stream.writableEnded || this.#stream.writableLength > 0;
  }

  #waitsForMessage(): boolean {
    const stream = this.#stream;
    // Paused by grpc-js, as its handler is not ready for more.
    if (this.#failed || stream.writableEnded || stream.isPaused()) return false;
    return this.#requestStream ? this.#position.isWithin : !stream.readableEnded;
  }

  /** A status would wait behind the answer that is not taken, and this stay in memory. */
  #letGo(): void {
    this.#untakenLooks = 0;
    const isTaken = this.#stream.writableFinished;
    this.#warn(isTaken ? 'a client has its answer and did not end its call in time' : NOT_TAKEN);
    // Where the answer is taken, the caller has only not said that it is done.
    this.#stream.close(isTaken ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #refuseSlow(): void {
    const timeoutMs = this.#warn(NOT_WHOLE);
    this.#refuse(new AristarchError('RESOURCE_EXHAUSTED', notWholeIn(timeoutMs), { timeoutMs }));
  }

  #warn(message: string): number {
    const { log, options } = this.#parts;
    const timeoutMs = options.slowClientTimeoutMs;
    const { remoteAddress, remotePort } = this.#stream.session?.socket ?? {};
    log.warn({ peer: `${remoteAddress ?? 'unknown'}:${remotePort ?? ''}`, timeoutMs }, message);
    return timeoutMs;
  }
}

/** Of a stream's messages that are no longer compressed, while which are unanswered none more is inflated: many small ones, or one large. */
const AHEAD_BYTES = 2 ** 20;
