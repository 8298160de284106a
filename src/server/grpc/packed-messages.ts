import { createGunzip, createInflate } from 'node:zlib';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { PREFIX_BYTES } from './call-stream.ts';
import { keepPiece, PIECE_BYTES, tooManyBytes, type HeldBytes } from './held-bytes.ts';

/** What is undone here; a call of another encoding is refused by grpc-js, which looks at none of it. */
const INFLATERS = { gzip: createGunzip, deflate: createInflate };
export type Encoding = keyof typeof INFLATERS;

/** The `grpc-encoding` of a call of grpc-js that is not wrapped yet: it has no public way to it (1.14). */
export function encodingOf(call: object): Encoding | undefined {
  const { incomingEncoding } = call as { readonly incomingEncoding?: unknown };
  return (Object.keys(INFLATERS) as Encoding[]).find((name) => name === incomingEncoding);
}

export interface PackedParts {
  readonly encoding: Encoding;
  /** Of a message, as it comes and as it becomes. */
  readonly maxMessageBytes: number;
  /** What to do about one that is larger. */
  readonly remedy: string;
  /** While so many bytes of what was handed on are unanswered, nothing more is. */
  readonly mostAheadBytes: number;
  readonly held: Pick<HeldBytes, 'take' | 'fits' | 'free'>;
  /** Takes a message as gRPC frames it, no longer compressed. */
  readonly handOn: (frame: Buffer) => void;
  /** Told once, behind all messages. */
  readonly end: () => void;
  /** Told once, behind the messages before the one that is wrong; nothing comes after it. */
  readonly fail: (error: AristarchError) => void;
}

/**
 * The messages of a call whose caller compresses. grpc-js would inflate all that have come at once, to the largest message each, and count nothing: here
 * one is inflated when it is asked for and little is unanswered, and each piece of what it becomes is counted among what is held, until it is answered.
 */
export class PackedMessages {
  readonly #parts: PackedParts;
  /** Of the message that has begun, how many bytes they are, and how many it takes to know more. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #wantedBytes = PREFIX_BYTES;
  /** Whole, and behind them what is wrong with the one that follows. */
  #queue: (Buffer | AristarchError)[] = [];
  /** Held of each that was handed on. */
  readonly #unanswered: number[] = [];
  #aheadBytes = 0;
  #heldBytes = 0;
  #asked = 0;
  #inflating = false;
  #end: 'to come' | 'heard' | 'told' = 'to come';
  /** Nothing more is taken; and nothing more is handed on. */
  #deaf = false;
  #stopped = false;

  constructor(parts: PackedParts) {
    this.#parts = parts;
  }

  /** Whether there is something to be done before more has to come. */
  get isBusy(): boolean {
    return this.#inflating || this.#queue.length > 0;
  }

  /** Where there is no room for all of it, none is refused for what came behind it: message by message, up to the first that is too much. */
  take(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#deaf) {
      const rest = chunk.length - at;
      const fits = this.#parts.held.fits(rest + PIECE_BYTES);
      const to = at + (fits ? rest : Math.min(rest, this.#wantedBytes - this.#pieceBytes));
      this.#takePiece(chunk.subarray(at, to));
      at = to;
    }
    this.#next();
  }

  #takePiece(piece: Buffer): void {
    if (!this.#hold(piece.length + PIECE_BYTES)) {
      this.#failBehind(tooManyBytes());
      return;
    }
    this.#pieces.push(keepPiece(piece));
    this.#pieceBytes += piece.length;
    if (this.#pieceBytes >= this.#wantedBytes) this.#cut();
  }

  /** One more message is wanted. */
  ask(): void {
    this.#asked++;
    this.#next();
  }

  /** The caller has said all. */
  end(): void {
    this.#end = 'heard';
    this.#next();
  }

  /** The first of those that were handed on is done. */
  answered(): void {
    const bytes = this.#unanswered.shift() ?? 0;
    this.#aheadBytes -= bytes;
    this.#free(bytes);
    this.#next();
  }

  /** Nobody wants the rest: what was handed on is held until it is answered, or the call is over. */
  stop(): void {
    this.#deaf = this.#stopped = true;
    this.#pieces = [];
    this.#queue = [];
    this.#free(this.#heldBytes - this.#unanswered.reduce((sum, bytes) => sum + bytes, 0));
  }

  /** The call is over. */
  close(): void {
    this.stop();
    this.#free(this.#heldBytes);
    this.#unanswered.length = 0;
  }

  /** Puts the whole messages among what has come into the queue. */
  #cut(): void {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#free(PIECE_BYTES * this.#pieces.length);
    this.#pieces = [];
    let at = 0;
    while (at < all.length) {
      const hasHead = all.length - at >= PREFIX_BYTES;
      const bytes = hasHead ? all.readUInt32BE(at + 1) : 0;
      const isTooLarge = bytes > this.#parts.maxMessageBytes;
      if (isTooLarge || !this.#hold(PIECE_BYTES)) {
        this.#free(all.length - at);
        this.#failBehind(isTooLarge ? tooLarge(`${bytes} bytes`, this.#parts) : tooManyBytes());
        return;
      }
      this.#wantedBytes = PREFIX_BYTES + bytes;
      const piece = keepPiece(all.subarray(at, at + this.#wantedBytes));
      at += piece.length;
      if (hasHead && piece.length === this.#wantedBytes) this.#queue.push(piece);
      else this.#pieces.push(piece);
    }
    this.#pieceBytes = this.#pieces[0]?.length ?? 0;
    if (this.#pieces.length === 0) this.#wantedBytes = PREFIX_BYTES;
  }

  #next(): void {
    while (this.#asked > 0 && !this.#inflating && this.#queue.length > 0) {
      if (this.#aheadBytes >= this.#parts.mostAheadBytes && this.#queue[0] instanceof Buffer) return;
      const next = this.#queue.shift()!;
      if (next instanceof AristarchError) this.#fail(next);
      else if (next[0] === COMPRESSED) void this.#inflate(next);
      else this.#handOn(next);
    }
    if (this.#end !== 'heard' || this.isBusy || this.#stopped) return;
    this.#end = 'told';
    this.#parts.end();
  }

  #handOn(frame: Buffer): void {
    this.#asked--;
    const bytes = frame.length + PIECE_BYTES;
    this.#unanswered.push(bytes);
    this.#aheadBytes += bytes;
    this.#parts.handOn(frame);
  }

  async #inflate(packed: Buffer): Promise<void> {
    this.#inflating = true;
    try {
      const frame = await this.#inflated(packed.subarray(PREFIX_BYTES));
      if (!this.#stopped) {
        // What frames it and what is kept beside it goes over.
        this.#free(packed.length - PREFIX_BYTES + INFLATER_BYTES);
        this.#handOn(frame);
      }
    } catch (thrown) {
      this.#fail(toAristarchError(thrown));
    }
    this.#inflating = false;
    this.#next();
  }

  /** What it becomes is held, and what zlib takes for it. */
  async #inflated(body: Buffer): Promise<Buffer> {
    const { encoding, maxMessageBytes } = this.#parts;
    const head = Buffer.alloc(PREFIX_BYTES);
    const parts: Buffer[] = [head];
    let bytes = 0;
    if (!this.#hold(INFLATER_BYTES)) throw tooManyBytes();
    const inflater = INFLATERS[encoding]();
    inflater.end(body);
    try {
      for await (const part of inflater as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > maxMessageBytes) throw tooLarge(`more than ${maxMessageBytes} bytes, inflated`, this.#parts);
        if (!this.#hold(part.length)) throw tooManyBytes();
        parts.push(part);
      }
    } catch (thrown) {
      throw thrown instanceof AristarchError ? thrown : notPacked(encoding, thrown);
    }
    head.writeUInt32BE(bytes, 1);
    return Buffer.concat(parts);
  }

  #failBehind(error: AristarchError): void {
    this.#deaf = true;
    this.#free(this.#pieces.reduce((bytes, piece) => bytes + piece.length + PIECE_BYTES, 0));
    this.#pieces = [];
    this.#queue.push(error);
  }

  #fail(error: AristarchError): void {
    if (this.#stopped) return;
    this.stop();
    this.#parts.fail(error);
  }

  #hold(bytes: number): boolean {
    if (this.#stopped || !this.#parts.held.take(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  #free(bytes: number): void {
    this.#parts.held.free(bytes);
    this.#heldBytes -= bytes;
  }
}

/** The flag of a message. */
const COMPRESSED = 1;

/** What zlib takes for itself: the window of 32 KiB, what it writes into, and its tables. */
const INFLATER_BYTES = 2 ** 16;

export function tooLarge(
  found: string,
  { maxMessageBytes, remedy }: Pick<PackedParts, 'maxMessageBytes' | 'remedy'>,
): AristarchError {
  const message = `a message of ${found} is larger than the ${maxMessageBytes} bytes that one may have: ${remedy}`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { maxMessageBytes });
}

function notPacked(encoding: Encoding, thrown: unknown): AristarchError {
  const { message } = toAristarchError(thrown);
  const text = `a message is not compressed as grpc-encoding says, "${encoding}": ${message}; send it so, or with the flag 0 of one that is not`;
  return new AristarchError('INVALID_INPUT', text, { encoding }, thrown);
}
