/** The one importer of ONNX Runtime: what the executor uses of it. */
import { createRequire } from 'node:module';
import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';

export { env, InferenceSession, listSupportedBackends, Tensor };

/** A session of the library's own addon, which runs before it returns. */
export interface NativeSession {
  readonly run: (feeds: Readonly<Record<string, NativeTensor>>) => Readonly<Record<string, NativeTensor>>;
  readonly dispose: () => void;
}

/** What the addon takes and gives as a tensor. */
export interface NativeTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly location?: 'cpu';
}

/** The part of the addon that is used here, as onnxruntime-node's dist/backend.js uses it (1.30). */
interface Addon {
  readonly binding: { readonly InferenceSession: new () => AddonSession };
  readonly initOrt: () => void;
}
interface AddonSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: InferenceSession.SessionOptions): void;
  run(feeds: object, fetches: Readonly<Record<string, null>>, options: object): Record<string, NativeTensor>;
  dispose(): void;
  readonly outputMetadata: readonly { readonly name: string }[];
}

/**
 * Loads a model into the addon itself. The public `run` puts each inference off by a turn of the event loop and takes a chain of
 * promises around it, which costs as much as a row. Undefined where the package has no such addon; throws what the addon throws.
 */
export function openNativeSession(
  onnx: Uint8Array,
  options: InferenceSession.SessionOptions,
): NativeSession | undefined {
  const addon = findAddon();
  if (addon === undefined) return undefined;
  addon.initOrt();
  const session = new addon.binding.InferenceSession();
  session.loadModel(onnx.buffer, onnx.byteOffset, onnx.byteLength, options);
  const fetches = Object.fromEntries(session.outputMetadata.map(({ name }) => [name, null]));
  return { run: (feeds) => session.run(feeds, fetches, {}), dispose: () => session.dispose() };
}

/** Not a public module of the package: a version without it is served through the public one, more slowly. */
function findAddon(): Addon | undefined {
  try {
    const require = createRequire(import.meta.url);
    const found = require('onnxruntime-node/dist/binding.js') as Partial<Addon>;
    const isWhole = typeof found.initOrt === 'function' && typeof found.binding?.InferenceSession === 'function';
    return isWhole ? (found as Addon) : undefined;
  } catch {
    return undefined;
  }
}
