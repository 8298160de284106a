import { setFlagsFromString } from 'node:v8';
import { messageOf } from '../../base/errors.ts';
import type { InParts } from '../../base/in-parts.ts';
import { moduleOf } from './binary.ts';
import { type Kernel, type KernelName, kernelOf } from './kernels.ts';

/** What is used of WebAssembly's interface for JavaScript, whose types come with those of a browser. */
interface Wasm {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm };

const PAGE_BYTES = 65536;

/** Kernels over a memory of their own. */
export interface KernelInstances {
  readonly kernels: ReadonlyMap<KernelName, Kernel>;
  readonly buffer: ArrayBuffer;
}

/** Kernels with so many bytes of memory. Throws where this Node, or this machine, cannot have them. */
export function* createKernels(names: Iterable<KernelName>, bytes: number): InParts<KernelInstances> {
  const memory = new wasm.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  const kernels = new Map<KernelName, Kernel>();
  for (const name of names) {
    yield;
    const module = compiled.get(name) ?? compile(name);
    compiled.set(name, module);
    const { exports } = new wasm.Instance(module, { env: { memory } });
    kernels.set(name, (exports as Readonly<Record<string, Kernel>>)[name]!);
  }
  return { kernels, buffer: memory.buffer };
}

/** Once for a process. A module each, so that none takes long to compile. */
const compiled = new Map<KernelName, object>();

/**
 * V8 compiles WebAssembly function by function when they are first called, quickly, to code that takes twice as long and more, and well once
 * that has run some thousand times; here all is to be good at once. Its flags are the whole process's, which is why nothing else is done until
 * they are as they were. The V8 of Node 20 knows relaxed-simd, and has it behind a flag.
 */
function compile(name: KernelName): object {
  const bytes = moduleOf([kernelOf(name)]);
  if (!wasm.validate(bytes)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  setFlagsFromString('--no-liftoff');
  setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return new wasm.Module(bytes);
  } catch (thrown) {
    throw new Error(`this Node has no WebAssembly for it: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    setFlagsFromString('--liftoff');
    setFlagsFromString('--wasm-lazy-compilation');
  }
}
