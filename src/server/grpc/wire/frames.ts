/** The frames of HTTP/2 (RFC 9113, sections 4 and 6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

export const SETTING = { HEADER_TABLE_SIZE: 1, INITIAL_WINDOW_SIZE: 4 } as const;

/** Section 7. */
export const FAULT = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;
export type Fault = (typeof FAULT)[keyof typeof FAULT];

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const HEAD_BYTES = 9;
/** As SETTINGS_MAX_FRAME_SIZE is where nobody says otherwise; nobody here does. */
export const MAX_FRAME_BYTES = 16_384;
/** Of a stream and of a connection, before anybody says otherwise. */
export const FIRST_WINDOW_BYTES = 65_535;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  /** Where it stands in `bytes`: its head, its payload, its end. */
  readonly bytes: Buffer;
  readonly head: number;
  readonly from: number;
  readonly to: number;
}

/** Cuts what comes in pieces into whole frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Calls `each` for every whole frame. False where one is longer than it may be. */
  read(chunk: Buffer, each: (frame: Frame) => void): boolean {
    let head = this.#rest.length === 0 ? 0 : this.#finish(chunk, each);
    while (chunk.length - head >= HEAD_BYTES) {
      const length = lengthAt(chunk, head);
      if (length > MAX_FRAME_BYTES) return false;
      const to = head + HEAD_BYTES + length;
      if (to > chunk.length) break;
      each(frameAt(chunk, head, to));
      head = to;
    }
    if (head < chunk.length) this.#rest = chunk.subarray(head);
    return head <= chunk.length;
  }

  /**
   * Puts together the one frame that was broken off, and not all that came after it; the answer is how much of the chunk that took, Infinity
   * where the frame is longer than it may be.
   */
  #finish(chunk: Buffer, each: (frame: Frame) => void): number {
    const begun = this.#rest;
    const wanted = Math.max(0, HEAD_BYTES - begun.length);
    if (chunk.length < wanted) return this.#keep(begun, chunk);
    const length = lengthAt(wanted === 0 ? begun : Buffer.concat([begun, chunk.subarray(0, wanted)]), 0);
    if (length > MAX_FRAME_BYTES) return Infinity;
    const whole = HEAD_BYTES + length;
    const used = whole - begun.length;
    if (chunk.length < used) return this.#keep(begun, chunk);
    this.#rest = NOTHING;
    each(frameAt(Buffer.concat([begun, chunk.subarray(0, used)]), 0, whole));
    return used;
  }

  #keep(begun: Buffer, chunk: Buffer): number {
    this.#rest = Buffer.concat([begun, chunk]);
    return chunk.length;
  }
}

const lengthAt = (bytes: Buffer, head: number): number =>
  bytes[head]! * 65_536 + bytes[head + 1]! * 256 + bytes[head + 2]!;

const frameAt = (bytes: Buffer, head: number, to: number): Frame => ({
  type: bytes[head + 3]!,
  flags: bytes[head + 4]!,
  id: bytes.readUInt32BE(head + 5) & 0x7fffffff,
  bytes,
  head,
  from: head + HEAD_BYTES,
  to,
});

const NOTHING = Buffer.alloc(0);

export function writeHead(into: Buffer, at: number, length: number, type: number, flags: number, id: number): number {
  into[at] = length >>> 16;
  into[at + 1] = (length >>> 8) & 0xff;
  into[at + 2] = length & 0xff;
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(id, at + 5);
  return at + HEAD_BYTES;
}

export function toFrame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  writeHead(head, 0, payload.length, type, flags, id);
  return Buffer.concat([head, payload]);
}

/** A header block as HEADERS, and CONTINUATION where it is long. */
export function toHeaderFrames(id: number, block: Buffer, endStream: boolean): Buffer {
  const frames: Buffer[] = [];
  let at = 0;
  do {
    const part = block.subarray(at, at + MAX_FRAME_BYTES);
    const ends = at + part.length === block.length ? FLAG.END_HEADERS : 0;
    const flags = at === 0 && endStream ? ends | FLAG.END_STREAM : ends;
    frames.push(toFrame(at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION, flags, id, part));
    at += part.length;
  } while (at < block.length);
  return Buffer.concat(frames);
}

/** The payload of a frame without its padding, and of HEADERS without its priority; undefined where there is less than it says. */
export function payloadOf({ type, flags, bytes, from, to }: Frame): Buffer | undefined {
  const isPadded = (flags & FLAG.PADDED) !== 0;
  const start = from + (isPadded ? 1 : 0) + (type === FRAME.HEADERS && (flags & FLAG.PRIORITY) !== 0 ? 5 : 0);
  const end = to - (isPadded ? (bytes[from] ?? 0) : 0);
  return start <= end && start <= to ? bytes.subarray(start, end) : undefined;
}
