/**
 * How large compressed bytes become, found without decompressing them, so that a small batch cannot fill the memory. Each throws
 * an Error for bytes that are not of its format.
 */

/** One block of Snappy: its length is the varint in front (google/snappy, format_description.txt). */
export function snappySize(bytes: Buffer): number {
  let size = 0;
  for (let at = 0; at < 5; at++) {
    const byte = byteAt(bytes, at);
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return size;
  }
  throw new Error('the length in front of a block has more than five bytes');
}

const LZ4_MAGIC = 0x184d2204;

/** Frames of LZ4, exactly: the lengths of all sequences (lz4/lz4, lz4_Frame_format.md and lz4_Block_format.md). */
export function lz4Size(bytes: Buffer): number {
  let [size, at] = [0, 0];
  while (at < bytes.length) {
    if (wordAt(bytes, at) !== LZ4_MAGIC) throw new Error(`no frame begins at byte ${at}`);
    const flags = byteAt(bytes, at + 4);
    const [blockSum, contentSize, contentSum, dictionary] = [16, 8, 4, 1].map((bit) => (flags & bit) !== 0);
    // Magic, flags, block descriptor and the header's own checksum, and what the flags announce between.
    at += 7 + (contentSize! ? 8 : 0) + (dictionary! ? 4 : 0);
    for (;;) {
      const word = wordAt(bytes, at);
      at += 4;
      if (word === 0) break;
      const length = word & 0x7fffffff;
      const end = at + length;
      if (end > bytes.length) throw new Error(`the block at byte ${at} ends behind the last byte`);
      size += word >= 0x80000000 ? length : lz4BlockSize(bytes, at, end);
      at = end + (blockSum! ? 4 : 0);
    }
    at += contentSum! ? 4 : 0;
  }
  return size;
}

const LEAST_MATCH = 4;

function lz4BlockSize(bytes: Buffer, from: number, to: number): number {
  let [size, at] = [0, from];
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    for (let more = nibble === 15; more; at++) {
      const byte = byteAt(bytes, at);
      length += byte;
      more = byte === 255;
    }
    return length;
  };
  while (at < to) {
    const token = byteAt(bytes, at++);
    const literals = lengthOf(token >> 4);
    at += literals;
    size += literals;
    // The last sequence has literals only.
    if (at >= to) break;
    at += 2;
    size += lengthOf(token & 15) + LEAST_MATCH;
  }
  return size;
}

const ZSTD_MAGIC = 0xfd2fb528;
/** Sixteen magic numbers from here on are of frames that hold no data. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MOST_IN_A_BLOCK = 128 * 1024;

/**
 * Frames of Zstandard: not less than they become, and no more than a block's 128 KiB above it for each block (RFC 8878). The
 * window and the length that a frame announces count as well: a reader may ask for memory by them.
 */
export function zstdSize(bytes: Buffer): number {
  let [size, announced, at] = [0, 0, 0];
  while (at < bytes.length) {
    const magic = wordAt(bytes, at);
    if (magic - (magic % 16) === SKIPPABLE_MAGIC) {
      at += 8 + wordAt(bytes, at + 4);
      continue;
    }
    if (magic !== ZSTD_MAGIC) throw new Error(`no frame begins at byte ${at}`);
    const head = zstdHead(bytes, at + 4);
    announced = Math.max(announced, head.announced);
    at = head.end;
    for (let last = false; !last;) {
      const header = byteAt(bytes, at) + byteAt(bytes, at + 1) * 2 ** 8 + byteAt(bytes, at + 2) * 2 ** 16;
      const [type, length] = [(header >> 1) & 3, header >> 3];
      last = (header & 1) === 1;
      // Raw, one byte repeated, compressed; the fourth type is reserved.
      if (type === 3) throw new Error(`the block at byte ${at} is of no known type`);
      size += type === 2 ? MOST_IN_A_BLOCK : length;
      at += 3 + (type === 1 ? 1 : length);
    }
    at += head.checksum ? 4 : 0;
  }
  return Math.max(size, announced);
}

function zstdHead(bytes: Buffer, from: number): { announced: number; end: number; checksum: boolean } {
  const flags = byteAt(bytes, from);
  const isSingle = (flags & 0x20) !== 0;
  let at = from + 1;
  const window = isSingle ? 0 : byteAt(bytes, at++);
  const windowBytes = isSingle ? 0 : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  at += [0, 1, 2, 4][flags & 3]!;
  const lengthBytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!;
  let length = 0;
  for (let place = 0; place < lengthBytes; place++) length += byteAt(bytes, at + place) * 2 ** (8 * place);
  return { announced: Math.max(windowBytes, length), end: at + lengthBytes, checksum: (flags & 4) !== 0 };
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error(`it ends at byte ${bytes.length}, in the middle`);
  return byte;
}

function wordAt(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new Error(`it ends at byte ${bytes.length}, in the middle`);
  return bytes.readUInt32LE(at);
}
