import type { AristarchError } from '../../base/errors.ts';
import { roleOfMethod } from '../security/method-roles.ts';
import { toServiceError } from './call-context.ts';
import { SERVICE } from './contract.ts';
import type { Received } from './convert.ts';
import { ServerInterceptingCall, type ServerInterceptor } from './engine.ts';
import { MOST_OPEN_MESSAGE_BYTES } from './held-bytes.ts';
import { http2StreamOf, layersOf } from './http2-stream-of.ts';
import { encodingOf } from './packed-messages.ts';
import { type OnData, type OnEnd, ReadCall, type ReadParts } from './read-call.ts';

export interface HeldOpen {
  /** What is held of messages to methods that anybody may call: they take no room from others. */
  readonly heldOpen: ReadParts['held'];
}

type Call = Parameters<ServerInterceptor>[1];
type Listener = Parameters<Call['start']>[0];
type Status = Parameters<Call['sendStatus']>[0];

/**
 * Has what grpc-js reads (streams, compressed messages, methods that seldom are called) come under the same two rules as the quick lane's
 * messages: a message comes whole, and its answer is taken, in the time that slow clients have (of several answers, each); and what is kept of unfinished
 * messages, and of compressed ones until they are answered, is bounded for the process. A stream may say nothing between two messages for as long as it likes.
 */
export function createReadInterceptor({ heldOpen, ...parts }: ReadParts & HeldOpen): ServerInterceptor {
  const ofAnybody = { ...parts, held: heldOpen };
  return ({ path, requestStream }, call) => {
    const stream = http2StreamOf(call);
    const onData = stream?.listeners('data')[0] as OnData | undefined;
    const onEnd = stream?.listeners('end').at(-1) as OnEnd | undefined;
    // Where grpc-js is not as it is known here, its calls are read as it does.
    if (stream === undefined || onData === undefined || onEnd === undefined) return new ServerInterceptingCall(call);
    const fail = (error: AristarchError): void => call.sendStatus(toServiceError(error, parts.log));
    const encoding = encodingOf(call);
    const isOpen = roleOfMethod(path) === undefined;
    const mostBytes = isOpen ? MOST_OPEN_MESSAGE_BYTES : undefined;
    const from = { stream, onData, onEnd, requestStream, fail, encoding, mostBytes };
    const read = new ReadCall(from, isOpen ? ofAnybody : parts);
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

  letPass(): void {
    this.#read.letPass();
  }

  override startRead(): void {
    super.startRead();
    this.#read.ask();
  }

  override sendMessage(message: unknown, done: () => void): void {
    this.#read.answered();
    super.sendMessage(message, () => {
      this.#read.taken();
      done();
    });
  }

  override sendStatus(status: Status): void {
    super.sendStatus(status);
    this.#read.over();
  }
}

/** The handler of a stream wants no more of it, which is not over until its caller has taken the answers: what is held of it is given back. */
export function letPass(call: unknown): void {
  for (const layer of layersOf(call) as Iterable<object>) if (layer instanceof ReadInterceptingCall) layer.letPass();
}
