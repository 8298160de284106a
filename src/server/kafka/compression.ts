import { gunzipSync, gzipSync } from 'node:zlib';
import { Zstd } from '@hpcc-js/wasm-zstd';
import { decompress as unzstd } from 'fzstd';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { lz4Size, snappySize, zstdSize } from './decompressed-size.ts';
import type { Compression } from './port.ts';
import { loadWasmCodecs, type WasmCodecs } from './wasm-codecs.ts';

export interface Codec {
  compress(bytes: Buffer): Buffer;
  /** Throws `DATA_UNREADABLE` where the bytes are not of this compression, or become more than `MOST_BATCH_BYTES`. */
  decompress(bytes: Buffer): Buffer;
}
export type Codecs = { readonly [C in Exclude<Compression, 'none'>]: Codec };

/**
 * Most bytes that a batch may become. Brokers take batches of 1 MiB unless they are told otherwise, and a megabyte can become gigabytes.
 */
export const MOST_BATCH_BYTES = 64 * 1024 * 1024;

/** Most bytes that the batches of one answer may become together, but for the last of them. */
export const MOST_ANSWER_BYTES = 2 * MOST_BATCH_BYTES;

/** An answer holds more than is looked at together: it is to be asked for batch by batch. */
export class TooMuchAtOnce extends Error {}

/** Counts what the batches of one answer become. Throws `TooMuchAtOnce`; never for one batch alone. */
export class AnswerMeter {
  #bytes = 0;

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_ANSWER_BYTES) throw new TooMuchAtOnce(`batches of one answer become ${this.#bytes} bytes`);
  }
}

/**
 * Every compression of Kafka, without a native library: WebAssembly (Snappy, LZ4, writing Zstandard), JavaScript (reading
 * Zstandard, because Java's frames do not say how long they become), and Node's own gzip.
 */
export async function loadCodecs(): Promise<Codecs> {
  const zstd = await Zstd.load();
  const wasm = loadWasmCodecs();
  return {
    gzip: codec('gzip', gzipSync, (bytes) => gunzipSync(bytes, { maxOutputLength: MOST_BATCH_BYTES })),
    snappy: codec(
      'snappy',
      (bytes) => toSnappy(bytes, wasm),
      (bytes) => fromSnappy(bytes, wasm),
    ),
    lz4: codec('lz4', wasm.lz4Compress, (bytes) => wasm.lz4Decompress(checked(bytes, lz4Size))),
    zstd: codec(
      'zstd',
      (bytes) => Buffer.from(zstd.compress(bytes)),
      (bytes) => Buffer.from(unzstd(checked(bytes, zstdSize))),
    ),
  };
}

/** The bytes, where they become no more than they may. */
function checked(bytes: Buffer, sizeOf: (bytes: Buffer) => number, room = MOST_BATCH_BYTES): Buffer {
  const size = sizeOf(bytes);
  if (size <= room) return bytes;
  throw new Error(`it would become ${size} bytes, and a batch may become ${MOST_BATCH_BYTES}: send smaller batches`);
}

type Step = (bytes: Buffer) => Buffer;

function codec(name: string, compress: Step, decompress: Step): Codec {
  return {
    compress,
    decompress(bytes) {
      try {
        return decompress(bytes);
      } catch (thrown) {
        throw new AristarchError(
          'DATA_UNREADABLE',
          `a batch that calls itself ${name} cannot be decompressed: its producer or its log is at fault (${messageOf(thrown)})`,
          { compression: name, bytes: bytes.length },
          thrown,
        );
      }
    },
  };
}

/**
 * Java's Snappy stream: a header of eight bytes and two versions, then blocks, each after its length in four bytes, big
 * endian (xerial's SnappyOutputStream). Other producers write one naked block.
 */
const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const SNAPPY_HEADER = Buffer.concat([SNAPPY_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const SNAPPY_BLOCK_BYTES = 32 * 1024;

function toSnappy(bytes: Buffer, { snappyCompress }: WasmCodecs): Buffer {
  const parts: Buffer[] = [SNAPPY_HEADER];
  for (let start = 0; start < bytes.length; start += SNAPPY_BLOCK_BYTES) {
    const block = snappyCompress(bytes.subarray(start, start + SNAPPY_BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function fromSnappy(bytes: Buffer, { snappyDecompress }: WasmCodecs): Buffer {
  if (!bytes.subarray(0, SNAPPY_MAGIC.length).equals(SNAPPY_MAGIC)) return snappyDecompress(checked(bytes, snappySize));
  const blocks: Buffer[] = [];
  let room = MOST_BATCH_BYTES;
  for (let at = SNAPPY_HEADER.length; at < bytes.length;) {
    const end = at + 4 + bytes.readInt32BE(at);
    if (end <= at || end > bytes.length) throw new Error(`the block at byte ${at} ends at ${end} of ${bytes.length}`);
    const block = snappyDecompress(checked(bytes.subarray(at + 4, end), snappySize, room));
    room -= block.length;
    blocks.push(block);
    at = end;
  }
  return Buffer.concat(blocks);
}
