import { FAULT, FLAG, FRAME, type Frame, FrameReader, SETTING } from './frames.ts';
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
  /** What the client's table of headers is to hold, once the session has agreed; and what the next block has to say of it. */
  #askedTableBytes: number | undefined;
  #tableUpdate: Buffer = NOTHING;

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

  /** The client's settings, on their way to the session. */
  observe(key: number, value: number): void {
    if (key === SETTING.HEADER_TABLE_SIZE) this.#askedTableBytes = value;
  }

  /** Begins a header block that is written beside the session's (RFC 7541, section 4.2). */
  blockStart(): Buffer {
    const update = this.#tableUpdate;
    this.#tableUpdate = NOTHING;
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
    else if (type === FRAME.HEADERS) this.#tableUpdate = NOTHING;
    else if (type === FRAME.SETTINGS && (flags & FLAG.ACK) !== 0) this.#agree();
    this.#out.frames(bytes.subarray(head, to));
  }

  #agree(): void {
    const asked = this.#askedTableBytes;
    this.#askedTableBytes = undefined;
    // A larger table than the usual one is the session's to use or not; a smaller one has to be confirmed by whoever writes next.
    if (asked !== undefined && asked < DEFAULT_TABLE_BYTES) this.#tableUpdate = encodeTableSize(asked);
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
