import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import { toServiceError } from './call-context.ts';
import { SERVICE } from './contract.ts';
import type { Received } from './convert.ts';
import { ServerInterceptingCall, type ServerInterceptor } from './engine.ts';
import { keepPiece, PIECE_BYTES, TOO_MANY_BYTES, type HeldBytes } from './held-bytes.ts';
import { http2StreamOf } from './http2-stream-of.ts';
import { MessagePosition } from './message-position.ts';
import { type Encoding, encodingOf, PackedMessages } from './packed-messages.ts';
import { LOOKS, notWholeIn, type Patience, type Waiter } from './patience.ts';

export interface ReadParts {
  readonly patience: Pick<Patience, 'enter' | 'leave'>;
  readonly held: Pick<HeldBytes, 'take' | 'free'>;
  readonly options: { readonly slowClientTimeoutMs: number; readonly maxMessageBytes: number };
  readonly log: Logger;
}

type Call = Parameters<ServerInterceptor>[1];
type Listener = Parameters<Call['start']>[0];
type OnData = (chunk: Buffer) => void;
type OnEnd = () => void;

/**
 * Has what grpc-js reads (streams, compressed messages, methods that seldom are called) come under the same two rules as the quick lane's
 * messages: a message comes whole, and its answer is taken, in the time that slow clients have; and what is kept of unfinished
 * messages, and of compressed ones until they are answered, is bounded for the process. A stream may say nothing between two messages for as long as it likes.
 */
export function createReadInterceptor(parts: ReadParts): ServerInterceptor {
  return ({ path, requestStream, responseStream }, call) => {
    const stream = http2StreamOf(call);
    const onData = stream?.listeners('data')[0] as OnData | undefined;
    const onEnd = stream?.listeners('end').at(-1) as OnEnd | undefined;
    // Where grpc-js is not as it is known here, its calls are read as it does.
    if (stream === undefined || onData === undefined || onEnd === undefined) return new ServerInterceptingCall(call);
    const fail = (error: AristarchError): void => call.sendStatus(toServiceError(error, parts.log));
    const encoding = encodingOf(call);
    const read = new ReadCall({ stream, onData, onEnd, requestStream, responseStream, fail, encoding }, parts);
    return new ReadInterceptingCall(call, read, requestStream && path.startsWith(`/${SERVICE}/`));
  };
}

/** A call of grpc-js, which is told of what is asked and answered on it. */
class ReadInterceptingCall extends ServerInterceptingCall {
  readonly #read: ReadCall;
  readonly #isOurs: boolean;

  /** `isOurs`: a stream of ours, whose handler hears of what is wrong with a message behind the messages before it, which are answered. */
  constructor(call: Call, read: ReadCall, isOurs: boolean) {
    super(call);
    this.#read = read;
    this.#isOurs = isOurs;
  }

  override start(listener: Listener): void {
    if (!this.#isOurs) {
      super.start(listener);
      return;
    }
    let delivered = 0;
    let fault: AristarchError | undefined;
    /** Those before it are on their way through grpc-js. */
    const tellInTurn = (): void => {
      if (fault === undefined || delivered < this.#read.handedOn) return;
      listener.onReceiveMessage({ fault } satisfies Received<unknown>);
      fault = undefined;
    };
    const tell = (error: AristarchError): void => {
      fault = error;
      tellInTurn();
    };
    this.#read.failBy(tell);
    super.start({
      onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
      onReceiveMessage: (message: unknown) => {
        delivered++;
        listener.onReceiveMessage(message);
        tellInTurn();
      },
      onReceiveHalfClose: () => {
        // grpc-js says nothing of a last message that is cut short.
        const cut = this.#read.cutShort();
        if (cut !== undefined) tell(cut);
        listener.onReceiveHalfClose();
      },
      onCancel: () => listener.onCancel(),
    });
  }

  override startRead(): void {
    super.startRead();
    this.#read.ask();
  }

  override sendMessage(message: unknown, done: () => void): void {
    this.#read.answered();
    super.sendMessage(message, done);
  }
}

interface ReadFrom {
  readonly stream: ServerHttp2Stream;
  /** How grpc-js takes what comes, and the end of it. */
  readonly onData: OnData;
  readonly onEnd: OnEnd;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly fail: (error: AristarchError) => void;
  /** Of messages that are to be inflated. */
  readonly encoding: Encoding | undefined;
}

/** A call that grpc-js reads, between the stream and grpc-js. */
class ReadCall implements Waiter {
  readonly #stream: ServerHttp2Stream;
  readonly #onData: OnData;
  readonly #requestStream: boolean;
  readonly #responseStream: boolean;
  readonly #parts: ReadParts;
  readonly #position = new MessagePosition();
  readonly #packed: PackedMessages | undefined;
  #fail: (error: AristarchError) => void;
  #heldBytes = 0;
  #looks = 0;
  #unpacked = 0;
  /** What still comes is let pass. */
  #failed = false;

  constructor({ stream, onData, onEnd, requestStream, responseStream, fail, encoding }: ReadFrom, parts: ReadParts) {
    this.#stream = stream;
    this.#onData = onData;
    this.#requestStream = requestStream;
    this.#responseStream = responseStream;
    this.#fail = fail;
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

  #openPacked(encoding: Encoding, end: OnEnd): PackedMessages {
    const { held, options } = this.#parts;
    return new PackedMessages({
      ...{ encoding, held, end, maxMessageBytes: options.maxMessageBytes },
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
    // Once the call is answered grpc-js lets pass what comes.
    if (this.#stream.writableEnded) {
      this.#freeAll();
      this.#onData(chunk);
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
    if (kept === 0 || this.#hold(kept + PIECE_BYTES)) {
      this.#onData(unfinished === 0 ? chunk : keepPiece(chunk));
      return;
    }
    // Those that are whole are answered all the same.
    if (kept < chunk.length) this.#onData(chunk.subarray(0, -kept));
    this.#refuse(new AristarchError('RESOURCE_EXHAUSTED', TOO_MANY_BYTES.details));
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
    if (!this.#waits()) this.#looks = 0;
    else if (++this.#looks > LOOKS) this.#giveUp();
  }

  #waits(): boolean {
    const stream = this.#stream;
    // Of several answers, whoever writes them waits (slow-clients.ts).
    if (stream.writableEnded || (!this.#responseStream && stream.writableLength > 0)) return true;
    // Paused by grpc-js, as its handler is not ready for more.
    if (this.#failed || stream.isPaused()) return false;
    return this.#requestStream ? this.#position.isWithin : !stream.readableEnded;
  }

  #giveUp(): void {
    this.#looks = 0;
    const stream = this.#stream;
    const { log, options } = this.#parts;
    const timeoutMs = options.slowClientTimeoutMs;
    const { remoteAddress, remotePort } = stream.session?.socket ?? {};
    log.warn(
      { peer: `${remoteAddress ?? 'unknown'}:${remotePort ?? ''}`, timeoutMs },
      'a client neither sent its message nor took its answer in time',
    );
    // Where the answer is taken, the caller has only not said that it is done.
    if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
    else if (stream.writableEnded || stream.writableLength > 0) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    else this.#refuse(new AristarchError('RESOURCE_EXHAUSTED', notWholeIn(timeoutMs), { timeoutMs }));
  }
}
