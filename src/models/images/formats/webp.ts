import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import webpDecoder from '@jsquash/webp/codec/dec/webp_dec.js';
import { toPicture } from '../picture.ts';
import type { ImageFormat } from './format.ts';

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

/** WebP, lossy and lossless, with alpha; libwebp compiled to WebAssembly, which is loaded once. */
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
      return toPicture({ width, height, channels: 4, data, most: 255 });
    },
  };
}

const chunkOf = (file: Buffer): string => file.toString('latin1', 12, 16);

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
