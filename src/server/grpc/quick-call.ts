import type { IncomingHttpHeaders } from 'node:http2';
import type { Transport } from '../metrics.ts';
import { roleOfMethod } from '../security/method-roles.ts';
import type { Security } from '../security/security.ts';
import type { WorkSpan } from '../tracing/port.ts';
import { type AnswerParts, contextOf, toServiceError } from './call-context.ts';
import { type CallEvents, type CallStream, PREFIX_BYTES } from './call-stream.ts';
import type { Calls } from './calls.ts';
import type { Ticket } from './crowd.ts';
import { status } from './engine.ts';
import { type CallContext, PRIORITY_METADATA } from './handlers.ts';
import { LateWork } from './late-work.ts';
import type { Shedding } from './shedding.ts';
import { toMilliseconds } from './timeout.ts';
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
  /** Told of each call that was refused for want of time, before its message was read. */
  readonly onShed: (transport: Transport) => void;
  readonly security: Pick<Security, 'spend' | 'authenticate'>;
  readonly options: AnswerParts['options'] & {
    readonly maxMessageBytes: number;
    readonly maxCallsPerConnection: number;
  };
}

/** What grpc-js hands to handlers as metadata, as far as they look at it. */
class QuickMetadata {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(key: string): (string | Buffer)[] {
    const value = this.#headers[key];
    if (value === undefined || HIDDEN_HEADERS.has(key)) return [];
    const values = [value].flat();
    return key.endsWith('-bin') ? values.map((each) => Buffer.from(each, 'base64')) : values;
  }
}

/** Callers under overload wait at home, and send what has no time left: that must cost next to nothing. */
const EXPIRED = toTrailersOnly({ code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded' });

/** Nobody behind this file can log them. */
const HIDDEN_HEADERS = new Set(['authorization']);

/** What is known of a call by its headers. */
interface CallStart {
  readonly metadata: QuickMetadata;
  readonly span: WorkSpan | undefined;
  /** Infinity where it has no deadline. */
  readonly remainingMs: number;
  readonly authorization: string | undefined;
}

/** A call by its headers: taken in, or refused at once for want of time, at the cost of little more than the headers. */
export function openCall(
  stream: CallStream,
  headers: IncomingHttpHeaders,
  method: QuickMethod,
  parts: QuickParts,
): void {
  const { shedding, tracing } = parts;
  const timeout = headers['grpc-timeout'];
  const givenMs = timeout === undefined ? Infinity : toMilliseconds(String(timeout));
  if (givenMs === undefined) {
    const details = `Invalid grpc-timeout value "${String(timeout)}"`;
    stream.refuse(toTrailersOnly({ code: status.INTERNAL, details }));
    return;
  }
  if (givenMs <= 0) {
    stream.refuse(EXPIRED);
    return;
  }
  const remainingMs = givenMs - shedding.waitedMs();
  // Who has priority waits for those before it alone, whom the batcher knows.
  const refusal = headers[PRIORITY_METADATA] === 'high' ? undefined : shedding.refusalOf(remainingMs);
  if (refusal !== undefined) {
    stream.refuse(refusal);
    parts.onShed(method.transport);
    if (tracing === undefined) return;
  }
  const metadata = new QuickMetadata(headers);
  const span = parts.security.authenticate === undefined ? startSpan(method, parts, metadata) : undefined;
  if (refusal !== undefined) span?.end('RESOURCE_EXHAUSTED');
  else new QuickCall(stream, method, parts, { metadata, span, remainingMs, authorization: headers.authorization });
}

function startSpan({ path }: QuickMethod, { tracing }: QuickParts, metadata: QuickMetadata): WorkSpan | undefined {
  return tracing?.startCall(path.slice(1), metadata);
}

/**
 * One unary call on its HTTP/2 stream, from headers to trailers: what grpc-js does for it, without the layers that a call without
 * interceptors passes for nothing and without waiting for the response to be written before its status. Messages that are
 * not compressed only (quick-lane.ts leaves others to grpc-js).
 */
class QuickCall implements CallEvents {
  cancelled = false;
  readonly metadata: QuickMetadata;
  readonly #stream: CallStream;
  readonly #method: QuickMethod;
  readonly #parts: QuickParts;
  /** Undefined where the call is not traced; and before its caller has shown who it is, where that is asked. */
  #span: WorkSpan | undefined;
  readonly #chunks: Buffer[] = [];
  #received = 0;
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
    stream.watch(this);
    if (start.remainingMs < Infinity) this.#limit(start.remainingMs);
    const { authenticate } = parts.security;
    if (authenticate === undefined) this.#read();
    else this.#admit(authenticate, start.authorization);
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

  /** Nothing is read of a caller who has not shown who it is. */
  #admit(authenticate: NonNullable<Security['authenticate']>, authorization: string | undefined): void {
    const { certificate } = this.#stream.peer;
    authenticate({ authorization, certificate }, roleOfMethod(this.#method.path) ?? 'admin').then(
      ({ name }) => {
        this.#parts.callers.set(this.metadata, name);
        if (!this.cancelled) this.#span = startSpan(this.#method, this.#parts, this.metadata);
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
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    const { maxMessageBytes } = this.#parts.options;
    const announced = chunk === this.#chunks[0] && chunk.length >= PREFIX_BYTES ? chunk.readUInt32BE(1) : 0;
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

/** Why what came is not the one message of a unary call, not compressed. */
function faultOf(frame: Buffer, path: string): Refusal | undefined {
  const whole = frame.length >= PREFIX_BYTES ? PREFIX_BYTES + frame.readUInt32BE(1) : Infinity;
  if (frame.length === whole && frame[0] === 0) return undefined;
  if (frame.length < whole) return { code: status.UNIMPLEMENTED, details: `${path} wants one whole message` };
  if (frame.length > whole) return { code: status.UNIMPLEMENTED, details: `${path} wants one message, and more came` };
  return { code: status.INTERNAL, details: 'the message is compressed, and no grpc-encoding says how' };
}
