import type { Transport } from '../metrics.ts';
import type { Security } from '../security/security.ts';
import type { WorkSpan } from '../tracing/port.ts';
import { admit, isGuarded } from './access.ts';
import { type AnswerParts, contextOf, toServiceError } from './call-context.ts';
import { type CallEvents, type CallStream, PREFIX_BYTES } from './call-stream.ts';
import type { Calls } from './calls.ts';
import type { Ticket } from './crowd.ts';
import { status } from './engine.ts';
import type { CallContext } from './handlers.ts';
import { keepPiece, PIECE_BYTES, TOO_MANY_BYTES, type HeldBytes } from './held-bytes.ts';
import { LateWork } from './late-work.ts';
import { faultOf } from './one-message.ts';
import { LOOKS, NOT_TAKEN, NOT_WHOLE, notWholeIn, type Patience, type Waiter } from './patience.ts';
import type { QuickMetadata } from './quick-metadata.ts';
import type { Shedding } from './shedding.ts';
import { type Refusal, toTrailersOnly } from './trailers-only.ts';
import type { Vigil } from './vigil.ts';

/** A unary method as bytes come in and go out. */
export interface QuickMethod {
  readonly path: string;
  readonly transport: Transport;
  readonly deserialize: (bytes: Buffer) => unknown;
  readonly handle: (request: never, context: CallContext) => Promise<unknown>;
  readonly serialize: (reply: never) => Buffer;
}

export interface QuickParts extends AnswerParts {
  readonly calls: Calls;
  readonly shedding: Shedding;
  readonly vigil: Pick<Vigil, 'enter' | 'leave'>;
  readonly patience: Pick<Patience, 'enter' | 'leave'>;
  readonly held: HeldBytes;
  /** Told of each call that was refused for want of time, before its message was read. */
  readonly onShed: (transport: Transport) => void;
  readonly security: Pick<Security, 'rates' | 'authenticate'>;
  readonly options: {
    readonly maxMessageBytes: number;
    readonly maxCallsPerConnection: number;
    readonly slowClientTimeoutMs: number;
  };
}

/** What is known of a call by its headers. */
interface CallStart {
  readonly metadata: QuickMetadata;
  readonly span: WorkSpan | undefined;
  /** Infinity where it has no deadline. */
  readonly remainingMs: number;
  readonly authorization: string | undefined;
}

export function startSpan(
  { path }: QuickMethod,
  { tracing }: QuickParts,
  metadata: QuickMetadata,
): WorkSpan | undefined {
  return tracing?.startCall(path.slice(1), metadata);
}

/**
 * One unary call on its HTTP/2 stream, from headers to trailers: what grpc-js does for it, without the layers that a call without
 * interceptors passes for nothing and without waiting for the response to be written before its status. Messages that are
 * not compressed only (quick-lane.ts leaves others to grpc-js).
 */
export class QuickCall implements CallEvents, Waiter {
  cancelled = false;
  readonly metadata: QuickMetadata;
  readonly #stream: CallStream;
  readonly #method: QuickMethod;
  readonly #parts: QuickParts;
  /** Undefined where the call is not traced; and before its caller has shown who it is, where that is asked. */
  #span: WorkSpan | undefined;
  readonly #chunks: Buffer[] = [];
  #received = 0;
  #heldBytes = 0;
  /** For the rest of the message, or until the answer is taken; and how often it was looked at since. */
  #waits = true;
  #looks = 0;
  #deadlineMs = Infinity;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #ticket: Ticket | undefined;
  #tracked = false;
  #left = false;
  readonly #late: LateWork;

  constructor(stream: CallStream, method: QuickMethod, parts: QuickParts, start: CallStart) {
    this.#stream = stream;
    this.#method = method;
    this.#parts = parts;
    this.metadata = start.metadata;
    this.#span = start.span;
    this.#late = new LateWork(parts.log);
    parts.vigil.enter();
    parts.patience.enter(this);
    stream.watch(this);
    if (start.remainingMs < Infinity) this.#limit(start.remainingMs);
    if (isGuarded(parts.security)) this.#admit(start.authorization);
    else this.#read();
  }

  getDeadline(): number {
    return this.#deadlineMs;
  }

  getPeer(): string {
    const { address, port } = this.#stream.peer;
    return address === undefined ? 'unknown' : `${address}:${String(port)}`;
  }

  readonly afterwards = (work: () => void): void => this.#late.add(work);

  #limit(ms: number): void {
    this.#deadlineMs = this.#parts.clock.wallMs() + ms;
    const expire = (): void => this.#fail({ code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded' });
    this.#deadlineTimer = setTimeout(expire, Math.min(ms, LONGEST_TIMER_MS));
  }

  /** Nothing is read of a caller who has not shown who it is, or asks too often. */
  #admit(authorization: string | undefined): void {
    const { metadata } = this;
    const { path } = this.#method;
    const shown = { authorization, certificate: this.#stream.peer.certificate };
    admit(this.#parts, { path, metadata, shown, getPeer: () => this.getPeer() }).then(
      () => {
        if (!this.cancelled) this.#span ??= startSpan(this.#method, this.#parts, metadata);
        this.#read();
      },
      (thrown: unknown) => this.#fail(toServiceError(thrown, this.#parts.log)),
    );
  }

  #read(): void {
    // Whoever has not shown who it is holds up nobody.
    if (!this.cancelled) this.#ticket = this.#parts.shedding.enter();
    this.#stream.read();
  }

  take(chunk: Buffer): void {
    if (this.cancelled) return;
    const heldBytes = chunk.length + PIECE_BYTES;
    if (!this.#parts.held.take(heldBytes)) {
      this.#fail(TOO_MANY_BYTES);
      return;
    }
    this.#heldBytes += heldBytes;
    const { maxMessageBytes } = this.#parts.options;
    const hasHead = this.#chunks.length === 0 && chunk.length >= PREFIX_BYTES;
    const announced = hasHead ? chunk.readUInt32BE(1) : 0;
    this.#chunks.push(hasHead && chunk.length === PREFIX_BYTES + announced ? chunk : keepPiece(chunk));
    this.#received += chunk.length;
    const bytes = Math.max(announced, this.#received - PREFIX_BYTES);
    if (bytes <= maxMessageBytes) {
      const rest = PREFIX_BYTES + announced - chunk.length;
      if (rest > 0 && announced > 0) this.#stream.expect?.(rest);
      return;
    }
    const details = `Received message larger than max (${bytes} vs ${maxMessageBytes})`;
    this.#fail({ code: status.RESOURCE_EXHAUSTED, details });
  }

  answer(): void {
    if (this.cancelled || this.#tracked) return;
    this.#waits = false;
    const frame = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    const fault = faultOf(frame, this.#method.path);
    if (fault !== undefined) {
      this.#fail(fault);
      return;
    }
    const { handle, deserialize } = this.#method;
    this.#tracked = true;
    this.#parts.calls.begin();
    this.#ticket?.begin();
    try {
      const request = deserialize(frame.subarray(PREFIX_BYTES)) as never;
      // A reply that cannot be written is the call's failure, too, and nobody else's.
      const span = this.#span;
      handle(request, contextOf(this, this.#parts, span && (() => span)))
        .then((reply) => this.#reply(reply as never))
        .catch((thrown: unknown) => this.#fail(toServiceError(thrown, this.#parts.log)));
    } catch (thrown) {
      this.#fail(toServiceError(thrown, this.#parts.log));
    }
  }

  #reply(reply: never): void {
    if (this.cancelled) return;
    const message = this.#method.serialize(reply);
    if (!this.#stream.isOpen) {
      this.#end(true);
      return;
    }
    // All that is told of the call is told before it is over, which it may be at once. A shutdown waits until the caller has it.
    this.#span?.end();
    clearTimeout(this.#deadlineTimer);
    this.#ticket?.leave(true);
    this.#late.answered();
    [this.#waits, this.#looks] = [true, 0];
    try {
      this.#stream.answer(message);
    } finally {
      this.#leave();
      this.#late.doSoon();
    }
  }

  #fail(refusal: Refusal): void {
    const done = !UNDONE.has(refusal.code);
    if (!this.cancelled && this.#stream.isOpen) {
      this.#span?.end(status[refusal.code]);
      this.#ticket?.leave(done);
      this.#stream.refuse(toTrailersOnly(refusal));
    }
    this.#end(done);
  }

  look(): void {
    if (!this.#waits || ++this.#looks <= LOOKS) return;
    const { slowClientTimeoutMs: timeoutMs } = this.#parts.options;
    const { isOpen } = this.#stream;
    this.#parts.log.warn({ peer: this.getPeer(), timeoutMs }, isOpen ? NOT_WHOLE : NOT_TAKEN);
    if (isOpen) this.#fail({ code: status.RESOURCE_EXHAUSTED, details: notWholeIn(timeoutMs) });
    else this.#stream.tearDown();
  }

  close(): void {
    this.#end(false);
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#parts.vigil.leave();
  }

  /** `done`: by its work, and not because nobody waits any longer. */
  #end(done: boolean): void {
    this.cancelled = true;
    clearTimeout(this.#deadlineTimer);
    this.#parts.patience.leave(this);
    this.#parts.held.free(this.#heldBytes);
    this.#heldBytes = 0;
    this.#chunks.length = 0;
    this.#ticket?.leave(done);
    this.#leave();
    // Where it has not ended before, nobody waits any longer.
    this.#span?.end('CANCELLED');
    this.#late.end();
    if (!this.#tracked) return;
    this.#tracked = false;
    this.#parts.calls.end();
  }
}

/** Calls that ended so have cost less than their work. */
const UNDONE: ReadonlySet<status> = new Set([status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.CANCELLED]);

/** The longest that setTimeout takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
