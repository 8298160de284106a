import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.js';
import { toPicture, turnUpright } from '../picture.ts';
import type { ImageFormat } from './format.ts';
import { readOrientation } from './orientation.ts';

const WASM = '@jsquash/webp/codec/dec/webp_dec.wasm';
/** Of the byte of flags in the chunk VP8X: RFC 9649, section 2.7.1. */
const ANIMATION_FLAG = 0x02;

/** The package's types need those of Emscripten, which it does not bring along. */
const createModule = webpDecoder as unknown as (options: {
  readonly noInitialRun: boolean;
  readonly wasmBinary: Uint8Array;
}) => Promise<{ readonly decode: (file: Buffer) => Pixels | null }>;

/** What the decoder makes: `ImageData` of the browser, which Node lacks. */
class Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}

/** WebP, lossy and lossless, with alpha, turned upright by the orientation of its EXIF; libwebp compiled to WebAssembly, which is loaded once. */
export async function openWebp(): Promise<ImageFormat> {
  const wasmBinary = await readFile(createRequire(import.meta.url).resolve(WASM));
  const module = await createModule({ noInitialRun: true, wasmBinary });
  return {
    name: 'WebP',
    isOne: (file) => file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP',
    sizeOf: webpSize,
    isAnimated: (file) => chunkOf(file) === 'VP8X' && (file[20]! & ANIMATION_FLAG) !== 0,
    decode: (file) => {
      const image = withPixels(() => module.decode(file));
      if (image === null) throw new Error('libwebp cannot read it');
      const { width, height, data } = image;
      return turnUpright(toPicture({ width, height, channels: 4, data, most: 255 }), orientationOf(file));
    },
  };
}

/** The first chunk. */
const FIRST_CHUNK = 12;
const chunkOf = (file: Buffer, at = FIRST_CHUNK): string => file.toString('latin1', at, at + 4);

/** Only a file that begins with VP8X has metadata: RFC 9649, section 2.7.1.5. A chunk of an odd length has a byte more behind it. */
function orientationOf(file: Buffer): number {
  if (chunkOf(file) !== 'VP8X') return 1;
  for (let at = FIRST_CHUNK; at + 8 <= file.length;) {
    const length = file.readUInt32LE(at + 4);
    if (chunkOf(file, at) === 'EXIF') return readOrientation(file.subarray(at + 8, at + 8 + length));
    at += 8 + length + (length % 2);
  }
  return 1;
}

/** RFC 9649, sections 2.5 to 2.7, and RFC 6386, section 9.1. */
function webpSize(file: Buffer): [number, number] | undefined {
  if (file.length < 30) return undefined;
  const sizes: Readonly<Record<string, () => [number, number]>> = {
    VP8X: () => [1 + file.readUIntLE(24, 3), 1 + file.readUIntLE(27, 3)],
    VP8L: () => [1 + (file.readUInt32LE(21) & 0x3fff), 1 + ((file.readUInt32LE(21) >>> 14) & 0x3fff)],
    'VP8 ': () => [file.readUInt16LE(26) & 0x3fff, file.readUInt16LE(28) & 0x3fff],
  };
  return sizes[chunkOf(file)]?.();
}

/** The decoder looks for a global `ImageData`; it has one while it works. */
function withPixels<T>(work: () => T): T {
  const scope = globalThis as { ImageData?: unknown };
  const before = scope.ImageData;
  scope.ImageData = Pixels;
  try {
    return work();
  } finally {
    if (before === undefined) delete scope.ImageData;
    else scope.ImageData = before;
  }
}
