import type { IncomingHttpHeaders } from 'node:http2';
import type { CallKind } from '../call-kind.ts';
import { timeoutOf } from '../timeout.ts';
import { FAULT, type Fault, FLAG, FRAME, type Frame, FrameReader, payloadOf, PREFACE, SETTING } from './frames.ts';
import { toFrame, toHeaderFrames } from './frames.ts';
import { encodeFields, HeaderDecoder } from './hpack.ts';
import type { Field } from './hpack-table.ts';
import { KnownBlock } from './known-block.ts';
import type { WireStream } from './wire-stream.ts';

/** Who is told of what a client sends. */
export interface InboundOwner {
  /** Once it is, nothing more is told. */
  readonly destroyed: boolean;
  /** Goes on to the session. */
  pass(bytes: Buffer): void;
  /** Of a call that is answered here and not over. */
  streamOf(id: number): WireStream | undefined;
  /** What a call with these headers is; undefined where the session has to answer it. */
  kindOf(headers: IncomingHttpHeaders): CallKind | undefined;
  /** A new call, of which nothing follows where it is whole; `timeoutMs` as `CallKind` has it. */
  open(id: number, kind: CallKind, timeoutMs: number | undefined, isWhole: boolean): void;
  cancel(stream: WireStream): void;
  /** Bytes of DATA that nobody is told of. */
  giveBack(bytes: number): void;
  /** The client takes more of the whole connection; the answer is how much of that is the session's. */
  takeWindow(bytes: number): number;
  takeStreamWindow(stream: WireStream, bytes: number): void;
  /** Told of each frame of settings that the session is to agree to. */
  takeSettings(settings: TakenSettings): void;
  /** The connection is of no use any longer. */
  fail(fault: Fault): void;
}

/** Of what a frame of settings says, what matters here. */
export interface TakenSettings {
  /** The window that each stream begins with; undefined where it stays. */
  readonly windowBytes: number | undefined;
  /** The smallest that the client's table of headers is to be; Infinity where nothing is said of it. */
  readonly tableBytes: number;
}

/** Of one call's headers: as many as node:http2 takes of all of them. */
const MOST_HEADER_BYTES = 65_536;

interface Block {
  readonly id: number;
  readonly endStream: boolean;
  readonly parts: Buffer[];
  bytes: number;
}

interface Opened {
  readonly kind: CallKind;
  readonly timeoutMs: number | undefined;
}

/** Reads what a client sends: frames of calls that are answered here are told, all others go on as they came. */
export class Inbound {
  /** The last stream of the client, and the last one that went on to the session. */
  lastId = 0;
  #lastPassed = 0;
  readonly #owner: InboundOwner;
  readonly #frames = new FrameReader();
  readonly #decoder = new HeaderDecoder();
  /** The last one that calls of a kind began with, while it says the same. */
  #known: KnownBlock<CallKind> | undefined;
  /** Until it is whole, what has come of the preface; then undefined. */
  #preface: Buffer | undefined = Buffer.alloc(0);
  #isForeign = false;
  /** Frames in a row that go on to the session. */
  #passing: { readonly bytes: Buffer; readonly head: number; to: number } | undefined;
  #block: Block | undefined;
  readonly #onFrame = (frame: Frame): void => this.#take(frame);

  constructor(owner: InboundOwner) {
    this.#owner = owner;
  }

  read(chunk: Buffer): void {
    const bytes = this.#preface === undefined ? chunk : this.#begin(this.#preface, chunk);
    if (this.#isForeign) this.#owner.pass(bytes);
    else if (!this.#frames.read(bytes, this.#onFrame)) this.#owner.fail(FAULT.FRAME_SIZE_ERROR);
    this.#passNow();
  }

  /** The preface goes on; what speaks another language goes on as it is, for the session to refuse. */
  #begin(before: Buffer, chunk: Buffer): Buffer {
    const bytes = Buffer.concat([before, chunk]);
    const known = Math.min(bytes.length, PREFACE.length);
    this.#isForeign = !bytes.subarray(0, known).equals(PREFACE.subarray(0, known));
    if (!this.#isForeign && known < PREFACE.length) {
      this.#preface = bytes;
      return bytes.subarray(bytes.length);
    }
    this.#preface = undefined;
    if (this.#isForeign) return bytes;
    this.#owner.pass(bytes.subarray(0, known));
    return bytes.subarray(known);
  }

  #take(frame: Frame): void {
    if (this.#owner.destroyed) return;
    const { type, id } = frame;
    // A header block is one piece (RFC 9113, section 6.10).
    const isContinued = this.#block !== undefined;
    if (isContinued !== (type === FRAME.CONTINUATION) || (isContinued && this.#block!.id !== id)) {
      this.#owner.fail(FAULT.PROTOCOL_ERROR);
      return;
    }
    const take = this.#takers[type];
    if (take === undefined) this.#pass(frame);
    else take(frame);
  }

  /** What is not here belongs to the session as it is. */
  readonly #takers: { readonly [type: number]: (frame: Frame) => void } = {
    [FRAME.DATA]: (frame) => this.#takeData(frame),
    [FRAME.HEADERS]: (frame) => {
      const { id, flags, bytes, from, to } = frame;
      const endStream = (flags & FLAG.END_STREAM) !== 0;
      // Most blocks are a frame, and nothing else is in it: they are read where they are.
      if ((flags & (FLAG.END_HEADERS | FLAG.PADDED | FLAG.PRIORITY)) === FLAG.END_HEADERS && id % 2 === 1) {
        this.#takeWhole(id, bytes, from, to, endStream);
        return;
      }
      const payload = payloadOf(frame);
      if (payload === undefined || id % 2 === 0) this.#owner.fail(FAULT.PROTOCOL_ERROR);
      else this.#takePart(frame, payload, endStream);
    },
    [FRAME.CONTINUATION]: (frame) =>
      this.#takePart(frame, frame.bytes.subarray(frame.from, frame.to), this.#block!.endStream),
    [FRAME.RST_STREAM]: (frame) => {
      const stream = this.#owner.streamOf(frame.id);
      if (stream === undefined) this.#takeOther(frame);
      else this.#owner.cancel(stream);
    },
    [FRAME.WINDOW_UPDATE]: (frame) => this.#takeWindow(frame),
    [FRAME.SETTINGS]: (frame) => {
      if ((frame.flags & FLAG.ACK) === 0) this.#owner.takeSettings(settingsOf(frame));
      this.#pass(frame);
    },
    [FRAME.PRIORITY]: (frame) => {
      if (this.#owner.streamOf(frame.id) === undefined) this.#pass(frame);
    },
  };

  #takeData(frame: Frame): void {
    const stream = this.#owner.streamOf(frame.id);
    if (stream === undefined) {
      this.#takeOther(frame);
      return;
    }
    const payload = payloadOf(frame);
    if (payload === undefined) this.#owner.fail(FAULT.PROTOCOL_ERROR);
    else stream.receive(payload, frame.to - frame.from, (frame.flags & FLAG.END_STREAM) !== 0);
  }

  #takeWindow(frame: Frame): void {
    const { id, bytes, from, to } = frame;
    const increment = to - from === 4 ? bytes.readUInt32BE(from) & 0x7fffffff : 0;
    const stream = this.#owner.streamOf(id);
    if (stream !== undefined) this.#owner.takeStreamWindow(stream, increment);
    else if (id !== 0) this.#takeOther(frame);
    // Nothing, or of another length, is a fault, which the session knows how to answer.
    else if (increment === 0) this.#pass(frame);
    else {
      const rest = this.#owner.takeWindow(increment);
      if (rest === increment) this.#pass(frame);
      else if (rest > 0) this.#passAnother(toFrame(FRAME.WINDOW_UPDATE, 0, 0, toNumber(rest)));
    }
  }

  /** The block of one frame. */
  #takeWhole(id: number, bytes: Buffer, from: number, to: number, endStream: boolean): void {
    const known = this.#known;
    const timeoutMs = id > this.lastId ? known?.timeoutMsIn(bytes, from, to) : undefined;
    if (known !== undefined && timeoutMs !== undefined) {
      this.lastId = id;
      this.#owner.open(id, known.meaning, timeoutMs, endStream);
      return;
    }
    const { changes } = this.#decoder;
    const opened = this.#takeBlock(id, this.#decoder.decode(bytes, from, to), endStream);
    if (this.#decoder.changes !== changes) this.#known = undefined;
    else if (opened?.timeoutMs !== undefined) {
      const block = bytes.subarray(from, to);
      this.#known = new KnownBlock(block, this.#decoder.timeoutAt, opened.timeoutMs, opened.kind);
    }
  }

  #takePart({ id, flags }: Frame, part: Buffer, endStream: boolean): void {
    const block = (this.#block ??= { id, endStream, parts: [], bytes: 0 });
    block.parts.push(part);
    block.bytes += part.length;
    if (block.bytes > MOST_HEADER_BYTES || block.parts.length > 64) {
      this.#owner.fail(FAULT.ENHANCE_YOUR_CALM);
      return;
    }
    if ((flags & FLAG.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.#known = undefined;
    this.#takeBlock(id, this.#decoder.decode(block.parts.length === 1 ? part : Buffer.concat(block.parts)), endStream);
  }

  /** The call that it opens here, if it does. */
  #takeBlock(id: number, fields: readonly Field[] | undefined, endStream: boolean): Opened | undefined {
    if (fields === undefined) this.#owner.fail(FAULT.COMPRESSION_ERROR);
    else if (id > this.lastId) return this.#open(id, fields, endStream);
    else this.#takeTrailers(id, fields, endStream);
    return undefined;
  }

  #open(id: number, fields: readonly Field[], endStream: boolean): Opened | undefined {
    this.lastId = id;
    const headers = toHeaders(fields);
    const kind = headers && this.#owner.kindOf(headers);
    if (kind === undefined) {
      this.#lastPassed = id;
      this.#passAnother(toHeaderFrames(id, encodeFields(fields), endStream));
      return undefined;
    }
    const timeoutMs = timeoutOf(headers!);
    this.#owner.open(id, kind, timeoutMs, endStream);
    return { kind, timeoutMs };
  }

  #takeTrailers(id: number, fields: readonly Field[], endStream: boolean): void {
    const stream = this.#owner.streamOf(id);
    if (stream !== undefined && endStream) stream.receive(NOTHING, 0, true);
    else if (stream !== undefined) this.#owner.fail(FAULT.PROTOCOL_ERROR);
    else if (id <= this.#lastPassed) this.#passAnother(toHeaderFrames(id, encodeFields(fields), endStream));
  }

  /** Of a stream that is not answered here, or not any longer. The session lets pass what comes late on streams that it has, or could have, had. */
  #takeOther(frame: Frame): void {
    const { id, type, from, to } = frame;
    if (id <= this.#lastPassed) this.#pass(frame);
    else if (id > this.lastId) this.#owner.fail(FAULT.PROTOCOL_ERROR);
    else if (type === FRAME.DATA) this.#owner.giveBack(to - from);
  }

  #pass({ bytes, head, to }: Frame): void {
    const passing = this.#passing;
    if (passing?.bytes === bytes && passing.to === head) {
      passing.to = to;
      return;
    }
    this.#passNow();
    this.#passing = { bytes, head, to };
  }

  #passNow(): void {
    const passing = this.#passing;
    this.#passing = undefined;
    if (passing !== undefined) this.#owner.pass(passing.bytes.subarray(passing.head, passing.to));
  }

  #passAnother(frame: Buffer): void {
    this.#passNow();
    this.#owner.pass(frame);
  }
}

const NOTHING = Buffer.alloc(0);

function settingsOf({ bytes, from, to }: Frame): TakenSettings {
  let [windowBytes, tableBytes]: [number | undefined, number] = [undefined, Infinity];
  for (let at = from; at + 6 <= to; at += 6) {
    const [key, value] = [bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2)];
    if (key === SETTING.INITIAL_WINDOW_SIZE) windowBytes = value;
    else if (key === SETTING.HEADER_TABLE_SIZE) tableBytes = Math.min(tableBytes, value);
  }
  return { windowBytes, tableBytes };
}

function toNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Undefined where a name comes twice: node:http2 knows what becomes of each. */
function toHeaders(fields: readonly Field[]): IncomingHttpHeaders | undefined {
  const headers: Record<string, string> = {};
  for (const { name, value } of fields) {
    if (headers[name] !== undefined) return undefined;
    headers[name] = value;
  }
  return headers;
}
