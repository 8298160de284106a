import type { Socket } from 'node:net';
import { PREFIX_BYTES } from '../call-stream.ts';
import { type Fault, FIRST_WINDOW_BYTES, FLAG, FRAME, HEAD_BYTES, MAX_FRAME_BYTES, writeHead } from './frames.ts';

/** Memory that is written into, again and again; what a turn writes beyond it gets twice as much, up to the most. */
const [SLAB_BYTES, MOST_SLAB_BYTES] = [8192, 131_072];

const NOTHING = Buffer.alloc(0);

/** Writes frames to a connection: what is written in one go of the program leaves together. */
export class Outbound {
  /** Bytes of DATA that the peer takes on this connection. */
  windowBytes = FIRST_WINDOW_BYTES;
  #scheduled = false;
  readonly #socket: Socket;
  #full: Buffer[] = [];
  #slab: Buffer = NOTHING;
  #from = 0;
  #to = 0;
  readonly #flush = (): void => this.#write();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whole frames as they are. */
  frames(bytes: Buffer): void {
    const at = this.#reserve(bytes.length);
    bytes.copy(this.#slab, at);
  }

  headers(id: number, block: Buffer, endStream: boolean): void {
    const at = this.#reserve(HEAD_BYTES + block.length);
    const flags = endStream ? FLAG.END_HEADERS | FLAG.END_STREAM : FLAG.END_HEADERS;
    block.copy(this.#slab, writeHead(this.#slab, at, block.length, FRAME.HEADERS, flags, id));
  }

  /** Bytes of a message with its prefix. */
  wholeOf(message: Buffer): number {
    return PREFIX_BYTES + message.length;
  }

  /** So much of a message with its prefix as is not sent and fits into the windows; how far it is sent now. */
  message(id: number, message: Buffer, sent: number, streamWindowBytes: number): number {
    const whole = PREFIX_BYTES + message.length;
    let to = sent;
    while (to < whole) {
      const bytes = Math.min(whole - to, MAX_FRAME_BYTES, this.windowBytes, streamWindowBytes - (to - sent));
      if (bytes <= 0) break;
      this.#data(id, message, to, bytes);
      this.windowBytes -= bytes;
      to += bytes;
    }
    return to;
  }

  #data(id: number, message: Buffer, from: number, bytes: number): void {
    let at = this.#reserve(HEAD_BYTES + bytes);
    at = writeHead(this.#slab, at, bytes, FRAME.DATA, 0, id);
    let place = from;
    if (place < PREFIX_BYTES) {
      const prefix = Buffer.alloc(PREFIX_BYTES);
      prefix.writeUInt32BE(message.length, 1);
      const end = Math.min(PREFIX_BYTES, from + bytes);
      at += prefix.copy(this.#slab, at, place, end);
      place = end;
    }
    // A window may end within the prefix.
    if (from + bytes > PREFIX_BYTES) message.copy(this.#slab, at, place - PREFIX_BYTES, from + bytes - PREFIX_BYTES);
  }

  windowUpdate(id: number, bytes: number): void {
    this.#number(FRAME.WINDOW_UPDATE, id, bytes);
  }

  reset(id: number, code: Fault): void {
    this.#number(FRAME.RST_STREAM, id, code);
  }

  goAway(lastId: number, code: Fault): void {
    const at = this.#reserve(HEAD_BYTES + 8);
    const from = writeHead(this.#slab, at, 8, FRAME.GOAWAY, 0, 0);
    this.#slab.writeUInt32BE(lastId, from);
    this.#slab.writeUInt32BE(code, from + 4);
  }

  #number(type: number, id: number, value: number): void {
    const at = this.#reserve(HEAD_BYTES + 4);
    this.#slab.writeUInt32BE(value, writeHead(this.#slab, at, 4, type, 0, id));
  }

  /** Room for so many bytes, which are written next. */
  #reserve(bytes: number): number {
    if (this.#to + bytes > this.#slab.length) {
      if (this.#to > this.#from) this.#full.push(this.#slab.subarray(this.#from, this.#to));
      this.#slab = Buffer.allocUnsafeSlow(Math.max(this.#nextSlabBytes(), bytes));
      [this.#from, this.#to] = [0, 0];
    }
    const at = this.#to;
    this.#to += bytes;
    if (!this.#scheduled) this.#schedule();
    return at;
  }

  #nextSlabBytes(): number {
    const { length } = this.#slab;
    return length === 0 ? SLAB_BYTES : Math.min(MOST_SLAB_BYTES, 2 * length);
  }

  /** After what the program does now, and after the promises that are fulfilled by it. */
  #schedule(): void {
    this.#scheduled = true;
    process.nextTick(this.#flush);
  }

  #write(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    const last = this.#to > this.#from ? this.#slab.subarray(this.#from, this.#to) : undefined;
    this.#from = this.#to;
    const full = this.#full;
    if (socket.destroyed || socket.writableEnded) return;
    if (full.length === 0) {
      if (last !== undefined) socket.write(last);
    } else {
      this.#full = [];
      socket.cork();
      for (const each of full) socket.write(each);
      if (last !== undefined) socket.write(last);
      socket.uncork();
    }
    // The system has taken all of it, as it mostly does: the same memory serves the next turn.
    if (socket.writableLength === 0) [this.#from, this.#to] = [0, 0];
  }

  /** Gives back the memory that is written into, until something is to be written again. */
  rest(): void {
    if (this.#scheduled || this.#socket.writableLength > 0) return;
    this.#slab = NOTHING;
    [this.#from, this.#to] = [0, 0];
  }

  /** Bytes of memory that are kept to write into. */
  get keptBytes(): number {
    return this.#slab.length;
  }

  /** Writes what there is, and ends the connection. */
  end(): void {
    this.#write();
    this.#socket.end();
  }
}
