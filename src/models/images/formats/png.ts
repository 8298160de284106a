import { inflateSync } from 'node:zlib';
import { convertIndexedToRgb, decode, encode } from 'fast-png';
import { toPicture, turnUpright, type Picture } from '../picture.ts';
import type { ImageFormat } from './format.ts';
import { readOrientation } from './orientation.ts';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** PNG: all colour types and depths; 16 bits keep their fractions. Turned upright by the orientation of its EXIF. */
export const png: ImageFormat = {
  name: 'PNG',
  isOne: (bytes) => bytes.subarray(0, 8).equals(SIGNATURE),
  sizeOf: (bytes) => (bytes.length < 24 ? undefined : [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]),
  // The chunk acTL stands before the first image data of an animation, IDAT.
  isAnimated: (bytes) => {
    const animation = bytes.indexOf('acTL', 8, 'latin1');
    const data = bytes.indexOf('IDAT', 8, 'latin1');
    return animation >= 0 && (data < 0 || animation < data);
  },
  decode: (bytes) => turnUpright(decodePixels(bytes), orientationOf(bytes)),
};

function decodePixels(bytes: Buffer): Picture {
  const image = decode(checkedPng(bytes), { checkCrc: true });
  const { width, height, palette } = image;
  if (palette === undefined) {
    return toPicture({ width, height, channels: image.channels, data: samplesOf(image), most: mostOf(image.depth) });
  }
  const data = convertIndexedToRgb(image);
  return toPicture({ width, height, channels: data.length / (width * height), data, most: 255 });
}

/** PNG third edition, section 11.3.4.3. */
function orientationOf(bytes: Buffer): number {
  for (const { type, body } of chunksOf(bytes)) if (type === 'eXIf') return readOrientation(body);
  return 1;
}

/** Chunks that say what the pixels are: PNG third edition, section 5.6. Texts and profiles are compressed, too, and not looked at. */
const KEPT: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The file with nothing but its pixels, which are not more than its header says: a few bytes can be inflated to gigabytes. */
function checkedPng(bytes: Buffer): Buffer {
  const chunks = [...chunksOf(bytes)].filter(({ type }) => KEPT.has(type));
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body));
  const [width, height, depth, samples] = [16, 20, 24, 25].map((at) => (at < 24 ? bytes.readUInt32BE(at) : bytes[at]!));
  const rowBytes = 1 + Math.ceil((width! * depth! * (SAMPLES[samples!] ?? 4)) / 8);
  // The passes of an interlaced file round up and have a byte more for each of their rows.
  inflateSync(data, { maxOutputLength: 2 * rowBytes * height! + 1024 });
  return Buffer.concat([SIGNATURE, ...chunks.map(({ whole }) => whole)]);
}

interface PngChunk {
  readonly type: string;
  readonly body: Buffer;
  readonly whole: Buffer;
}

function* chunksOf(bytes: Buffer): Generator<PngChunk> {
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at);
    yield {
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + 8, end - 4),
      whole: bytes.subarray(at, end),
    };
    at = end;
  }
}

/** fast-png spreads depths below 8 to bytes, one a sample, with values as in the file. */
const mostOf = (depth: number): number => 2 ** depth - 1;

/** Depths of 1, 2 and 4 bits come packed, rows beginning with a byte each. */
function samplesOf({ data, depth, width, height, channels }: ReturnType<typeof decode>): ArrayLike<number> {
  if (depth >= 8 || data.length === width * height * channels) return data;
  const bytesPerRow = Math.ceil((width * depth) / 8);
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * bytesPerRow + Math.floor(bit / 8)]!;
    return (byte >> (8 - depth - (bit % 8))) & mostOf(depth);
  });
}

/** A PNG of 8-bit samples, 1 or 3 channels. */
export function encodePng(width: number, height: number, channels: 1 | 3, data: Uint8Array): Uint8Array {
  return encode({ width, height, channels, depth: 8, data });
}

export type { Picture };
