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
import { LOOKS, notWholeIn, type Patience, type Waiter } from './patience.ts';

export interface ReadParts {
  readonly patience: Pick<Patience, 'enter' | 'leave'>;
  readonly held: Pick<HeldBytes, 'take' | 'free'>;
  readonly options: { readonly slowClientTimeoutMs: number };
  readonly log: Logger;
}

type Call = Parameters<ServerInterceptor>[1];
type Listener = Parameters<Call['start']>[0];
type OnData = (chunk: Buffer) => void;

/**
 * Has what grpc-js reads (streams, compressed messages, methods that seldom are called) come under the same two rules as the quick lane's
 * messages: a message comes whole, and its answer is taken, in the time that slow clients have; and what is kept of unfinished
 * messages is bounded for the process. A stream may say nothing between two messages for as long as it likes.
 */
export function createReadInterceptor(parts: ReadParts): ServerInterceptor {
  return ({ path, requestStream, responseStream }, call) => {
    const stream = http2StreamOf(call);
    const onData = stream?.listeners('data')[0] as OnData | undefined;
    // Where grpc-js is not as it is known here, its calls are read as it does.
    if (stream === undefined || onData === undefined) return new ServerInterceptingCall(call);
    const fail = (error: AristarchError): void => call.sendStatus(toServiceError(error, parts.log));
    const read = new ReadCall({ stream, onData, requestStream, responseStream, fail }, parts);
    return requestStream && path.startsWith(`/${SERVICE}/`)
      ? new ReadStream(call, read)
      : new ServerInterceptingCall(call);
  };
}

/** A stream of ours: its handler hears of what is wrong with a message behind the messages before it, which are answered. */
class ReadStream extends ServerInterceptingCall {
  readonly #read: ReadCall;

  constructor(call: Call, read: ReadCall) {
    super(call);
    this.#read = read;
  }

  override start(listener: Listener): void {
    const tell = (fault: AristarchError): void => listener.onReceiveMessage({ fault } satisfies Received<unknown>);
    this.#read.failBy(tell);
    super.start({
      onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
      onReceiveMessage: (message: unknown) => listener.onReceiveMessage(message),
      onReceiveHalfClose: () => {
        // grpc-js says nothing of a last message that is cut short.
        const fault = this.#read.cutShort();
        if (fault !== undefined) tell(fault);
        listener.onReceiveHalfClose();
      },
      onCancel: () => listener.onCancel(),
    });
  }
}

interface ReadFrom {
  readonly stream: ServerHttp2Stream;
  /** How grpc-js takes what comes. */
  readonly onData: OnData;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly fail: (error: AristarchError) => void;
}

/** A call that grpc-js reads, between the stream and grpc-js. */
class ReadCall implements Waiter {
  readonly #stream: ServerHttp2Stream;
  readonly #onData: OnData;
  readonly #requestStream: boolean;
  readonly #responseStream: boolean;
  readonly #parts: ReadParts;
  readonly #position = new MessagePosition();
  #fail: (error: AristarchError) => void;
  #heldBytes = 0;
  #looks = 0;
  /** What still comes is let pass. */
  #failed = false;

  constructor({ stream, onData, requestStream, responseStream, fail }: ReadFrom, parts: ReadParts) {
    this.#stream = stream;
    this.#onData = onData;
    this.#requestStream = requestStream;
    this.#responseStream = responseStream;
    this.#fail = fail;
    this.#parts = parts;
    parts.patience.enter(this);
    // grpc-js has paused the stream: nothing comes before it asks.
    stream.removeListener('data', onData);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    // Before grpc-js hears of it.
    if (!requestStream) stream.prependListener('end', () => this.#end());
    stream.once('close', () => {
      parts.patience.leave(this);
      this.#free();
    });
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

  #end(): void {
    const fault = this.cutShort();
    if (fault !== undefined) this.#fail(fault);
  }

  #take(chunk: Buffer): void {
    if (this.#failed) return;
    // Once the call is answered grpc-js lets pass what comes.
    if (this.#stream.writableEnded) {
      this.#free();
      this.#onData(chunk);
      return;
    }
    const unfinished = Math.min(this.#position.read(chunk), chunk.length);
    if (unfinished < chunk.length) this.#finish();
    // All of a call of one message is kept until the call is over.
    const kept = this.#requestStream ? unfinished : chunk.length;
    if (kept > 0 && !this.#hold(kept + PIECE_BYTES)) return;
    this.#onData(unfinished === 0 ? chunk : keepPiece(chunk));
  }

  /** A message is whole. What is held of a call of one message is held until the call is over. */
  #finish(): void {
    this.#looks = 0;
    if (this.#requestStream) this.#free();
  }

  #hold(bytes: number): boolean {
    if (this.#parts.held.take(bytes)) {
      this.#heldBytes += bytes;
      return true;
    }
    this.#refuse(new AristarchError('RESOURCE_EXHAUSTED', TOO_MANY_BYTES.details));
    return false;
  }

  /**
   * Once the caller knows, it need not send the rest (RFC 9113, section 8.1). Behind answers the status would be lost with that, so that the
   * stream is left to the caller, or to `look`.
   */
  #refuse(error: AristarchError): void {
    this.#failed = true;
    this.#free();
    const isAlone = !this.#stream.headersSent;
    this.#fail(error);
    if (isAlone && this.#stream.writableEnded) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #free(): void {
    this.#parts.held.free(this.#heldBytes);
    this.#heldBytes = 0;
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
