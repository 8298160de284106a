import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

type Transform = (bytes: Buffer) => Buffer;
export interface WasmCodecs {
  readonly snappyCompress: Transform;
  readonly snappyDecompress: Transform;
  readonly lz4Compress: Transform;
  readonly lz4Decompress: Transform;
}

/** What the module exports: places and lengths in its memory are numbers; a result is both, the place in the higher half. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly alloc: (bytes: number) => number;
  readonly dealloc: (at: number, bytes: number) => void;
  readonly snappy_compress: Work;
  readonly snappy_decompress: Work;
  readonly lz4_compress: Work;
  readonly lz4_decompress: Work;
}
type Work = (at: number, bytes: number) => bigint;

/** Part of every JavaScript engine, and of no types that Node's come with. */
const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
interface Wasm {
  readonly Module: new (bytes: Buffer) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

/**
 * Snappy and LZ4 of @platformatic/wasm-utils, in an instance of our own, and a new one after each failure. Its code traps on bytes that
 * are no such batch, and leaves its stack and what it had allocated as they were: after some thousands of bad batches its one
 * instance for the process fails at good ones, too, and at the sums of all that is written (0.2.1).
 */
export function loadWasmCodecs(): WasmCodecs {
  const module = new Module(readModule());
  let current: Exports | undefined;
  const transform =
    (name: 'snappy_compress' | 'snappy_decompress' | 'lz4_compress' | 'lz4_decompress'): Transform =>
    (bytes) => {
      const instance = (current ??= new Instance(module).exports as Exports);
      try {
        return work(instance, instance[name], bytes);
      } catch (thrown) {
        current = undefined;
        throw thrown;
      }
    };
  return {
    snappyCompress: transform('snappy_compress'),
    snappyDecompress: transform('snappy_decompress'),
    lz4Compress: transform('lz4_compress'),
    lz4Decompress: transform('lz4_decompress'),
  };
}

/** The package tells where its code is, and not where its module is, which lies beside. */
function readModule(): Buffer {
  return readFileSync(
    createRequire(import.meta.url)
      .resolve('@platformatic/wasm-utils')
      .replace(/index\.js$/, 'native.wasm'),
  );
}

function work({ memory, alloc, dealloc }: Exports, run: Work, bytes: Buffer): Buffer {
  const at = alloc(bytes.length);
  Buffer.from(memory.buffer, at, bytes.length).set(bytes);
  const result = run(at, bytes.length);
  dealloc(at, bytes.length);
  const [from, length] = [Number(result >> 32n), Number(BigInt.asUintN(32, result))];
  const output = Buffer.from(Buffer.from(memory.buffer, from, length));
  dealloc(from, length);
  return output;
}
