import { FAULT, FLAG, FRAME, type Frame, FrameReader } from './frames.ts';
import { encodeTableSize } from './hpack.ts';
import { DEFAULT_TABLE_BYTES } from './hpack-table.ts';
import type { Outbound } from './outbound.ts';

const NOTHING = Buffer.alloc(0);
/** What waits for no window and keeps no order with headers and data: RFC 9113, section 5.2.1, puts DATA alone under flow control. */
const BESIDE: ReadonlySet<number> = new Set([FRAME.PING, FRAME.WINDOW_UPDATE, FRAME.GOAWAY]);
const ANY_STREAM = 2 ** 31 - 1;

/** The frames of node:http2's session on their way to the client, with others between them that it does not know of. */
export class Relay {
  /** The session has said that it takes no streams after this one. */
  lastTaken = Infinity;
  /** It has said that the client broke the rules. */
  isBroken = false;
  #isOpen = false;
  readonly #out: Outbound;
  readonly #lastId: () => number;
  readonly #frames = new FrameReader();
  /** For want of window; what came after must wait, too, but for what is beside. */
  #held: Frame[] = [];
  /** DATA that was sent beside the session's: what the client gives back of that is not the session's. */
  #sentBeside = 0;
  /** The least that the client's table of headers is to hold by each frame of settings that the session has yet to agree to. */
  readonly #askedTableBytes: number[] = [];
  /** The least that it has agreed to since a block said so; what the next block has to say of it. */
  #tableBytes = Infinity;

  /** `lastId`: the last stream that is answered here. */
  constructor(out: Outbound, lastId: () => number) {
    this.#out = out;
    this.#lastId = lastId;
  }

  /** Whether the session has begun to speak: its settings come before all else. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  write(chunk: Buffer): void {
    this.#frames.read(chunk, (frame) => this.#take(frame));
    this.#isOpen = true;
  }

  /** A frame of the client's settings is on its way to the session; Infinity where it says nothing of the table. */
  observe(tableBytes: number): void {
    this.#askedTableBytes.push(tableBytes);
  }

  /** Begins a header block that is written beside the session's: the smallest size is said, and a table that no block uses need not grow again (RFC 7541, section 4.2). */
  blockStart(): Buffer {
    // A larger table than the usual one is the session's to use or not; a smaller one has to be confirmed by whoever writes next.
    const update = this.#tableBytes < DEFAULT_TABLE_BYTES ? encodeTableSize(this.#tableBytes) : NOTHING;
    this.#tableBytes = Infinity;
    return update;
  }

  sentBeside(bytes: number): void {
    this.#sentBeside += bytes;
  }

  /** The client takes so many bytes more; the answer is how many of them are the session's. */
  takeWindow(bytes: number): number {
    this.#out.windowBytes += bytes;
    const own = Math.min(bytes, this.#sentBeside);
    this.#sentBeside -= own;
    const held = this.#held;
    this.#held = [];
    for (const frame of held) this.#take(frame);
    return bytes - own;
  }

  #take(frame: Frame): void {
    const { type, flags, bytes, head, from, to } = frame;
    if (BESIDE.has(type)) {
      if (type === FRAME.GOAWAY) this.#leave(frame);
      this.#out.frames(bytes.subarray(head, to));
      return;
    }
    if (this.#held.length > 0 || (type === FRAME.DATA && to - from > this.#out.windowBytes)) {
      this.#held.push(frame);
      return;
    }
    if (type === FRAME.DATA) this.#out.windowBytes -= to - from;
    else if (type === FRAME.HEADERS) this.#tableBytes = Infinity;
    else if (type === FRAME.SETTINGS && (flags & FLAG.ACK) !== 0) this.#agree();
    this.#out.frames(bytes.subarray(head, to));
  }

  #agree(): void {
    this.#tableBytes = Math.min(this.#tableBytes, this.#askedTableBytes.shift() ?? Infinity);
  }

  /** The session knows of its own streams alone: those that are answered here were taken, too. */
  #leave({ bytes, from }: Frame): void {
    if (bytes.readUInt32BE(from + 4) !== FAULT.NO_ERROR) this.isBroken = true;
    const last = bytes.readUInt32BE(from) & ANY_STREAM;
    if (last === ANY_STREAM) return;
    this.lastTaken = Math.max(last, this.#lastId());
    bytes.writeUInt32BE(this.lastTaken, from);
  }
}
