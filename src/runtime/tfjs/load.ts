import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import type * as TfCore from '@tensorflow/tfjs-core';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { nameSetUp } from '../set-ups.ts';
import { TFJS_FOLDER_VARIABLE, TFJS_NATIVE, tfjsFolder } from './folder.ts';

/** The API of TF.js as far as all its packages share it; a value of it is passed to whoever computes with it. */
export type Tf = typeof TfCore;
export type TfTensor = TfCore.Tensor;

/** What can hold a TF.js that computes, the fastest first. All are optional peer dependencies (docs/decisions/0009). */
export const TFJS_PACKAGES = [
  TFJS_NATIVE,
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
] as const;
export type TfjsPackage = (typeof TFJS_PACKAGES)[number];

export interface LoadedTfjs {
  readonly tf: Tf;
  readonly packageName: TfjsPackage;
  /** Where the package is TensorFlow's own library. */
  readonly tensorflow?: TensorFlow | undefined;
}

export interface TensorFlow {
  readonly version: string;
  readonly usesGpu: boolean;
}

export interface LoadOptions {
  /** Which packages may be taken, in this order. */
  readonly packages?: readonly TfjsPackage[];
  /** Threads inside one operation, where the package can choose; in a process, those of the first to load it. */
  readonly threads: number;
  /** Called with a sentence where a package is installed but does not load. */
  readonly warn: (message: string) => void;
}

/**
 * The first TF.js package that is installed and loads, with its backend set; what `npm run setup:tfjs` built comes before one in
 * node_modules. Throws `DEVICE_UNAVAILABLE`, and does so where ARISTARCH_TFJS names a folder that cannot be used.
 */
export async function loadTfjs({ packages = TFJS_PACKAGES, threads, warn }: LoadOptions): Promise<LoadedTfjs> {
  for (const packageName of packages) {
    try {
      const tf = await LOADERS[packageName](packageName, threads);
      return { tf, packageName, tensorflow: describeTensorFlow(tf) };
    } catch (thrown) {
      const reason = (messageOf(thrown).split('\n')[0] ?? '').trim();
      if (packageName === TFJS_NATIVE) refuseNamedFolder(reason);
      if (!isAbsent(reason)) warn(`${packageName} is installed but does not load: ${reason}`);
    }
  }
  throw new AristarchError(
    'DEVICE_UNAVAILABLE',
    `device tfjs cannot be used here: none of ${packages.join(', ')} is installed and loads. ${nameSetUp('setup:tfjs')} builds the first, ` +
      `and ${TFJS_FOLDER_VARIABLE} names its folder where that is another than ${tfjsFolder({})}; or install one beside Aristarch, for example ` +
      '"npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm", or use --device cpu.',
    { packages },
  );
}

/** A folder that was asked for by name is no matter of choice. */
function refuseNamedFolder(reason: string): void {
  const folder = process.env[TFJS_FOLDER_VARIABLE];
  if (folder === undefined || folder === '') return;
  throw new AristarchError(
    'DEVICE_UNAVAILABLE',
    `device tfjs cannot be used: ${TFJS_FOLDER_VARIABLE} names ${folder}, and ${reason}. Set it up with ${nameSetUp('setup:tfjs')}, or unset the variable.`,
    { folder },
  );
}

/** Whether TF.js itself is not there, rather than something that it needs. */
function isAbsent(reason: string): boolean {
  return /cannot find (module|package) '@tensorflow\//i.test(reason);
}

type Load = (packageName: TfjsPackage, threads: number) => Promise<Tf>;

/** TensorFlow's own library, behind an addon. */
const loadNative: Load = async (packageName, threads) => {
  defineDroppedFunction();
  for (const [name, value] of Object.entries(settingsOf(threads))) process.env[name] ??= value;
  const tf = requireFrom(tfjsFolder(process.env), packageName);
  // It sets itself when it is first loaded; all copies of TF.js in a process share one choice of backend.
  if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend tensorflow does not start');
  return tf;
};

/**
 * TensorFlow reads these when it starts: threads inside and among operations, not a line below an error on standard error, and single
 * precision in the products of GPUs, which would else be TF32.
 */
const settingsOf = (threads: number): Readonly<Record<string, string>> => ({
  TF_NUM_INTRAOP_THREADS: String(threads),
  TF_NUM_INTEROP_THREADS: '1',
  TF_CPP_MIN_LOG_LEVEL: '2',
  NVIDIA_TF32_OVERRIDE: '0',
});

/** From a folder's own node_modules, else from those above it. */
const requireFrom = (folder: string, name: string): Tf => createRequire(join(folder, 'package.json'))(name) as Tf;

/** What the backend of tfjs-node says of its library; undefined of any other. */
function describeTensorFlow(tf: Tf): TensorFlow | undefined {
  if (tf.getBackend() !== 'tensorflow') return undefined;
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NativeBackend;
  return { version: binding.TF_Version, usesGpu: isUsingGpuDevice };
}

interface NativeBackend {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/** A backend that registers itself with tfjs-core. */
const loadBackend =
  (backend: string): Load =>
  async (packageName) => {
    const tf = (await importPackage('@tensorflow/tfjs-core')) as Tf;
    const emitter: Emitter = process;
    const listeners = LOUD_EVENTS.map((event) => emitter.listeners(event));
    await importPackage(packageName);
    // TF.js says twice a run, on standard error, that tfjs-node would be faster.
    tf.env().set('IS_TEST', true);
    if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} does not start`);
    LOUD_EVENTS.forEach((event, index) => removeListenersBut(emitter, event, listeners[index]!));
    return tf;
  };

/** The wasm backend throws these again from inside its own file, so that Node prints a screenful of its source. */
const LOUD_EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

interface Emitter {
  listeners(event: string): unknown[];
  removeListener(event: string, listener: () => void): unknown;
}

function removeListenersBut(emitter: Emitter, event: string, kept: readonly unknown[]): void {
  for (const listener of emitter.listeners(event)) {
    if (!kept.includes(listener)) emitter.removeListener(event, listener as () => void);
  }
}

const LOADERS: { readonly [P in TfjsPackage]: Load } = {
  [TFJS_NATIVE]: loadNative,
  '@tensorflow/tfjs-node': loadNative,
  '@tensorflow/tfjs-backend-wasm': loadBackend('wasm'),
  '@tensorflow/tfjs-backend-cpu': loadBackend('cpu'),
};

/** The packages are CommonJS; their exports are the default export. */
async function importPackage(name: string): Promise<unknown> {
  const module = (await import(name)) as { default?: unknown };
  return module.default ?? module;
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node dropped in version 23. */
function defineDroppedFunction(): void {
  const functions = util as { isNullOrUndefined?: (value: unknown) => boolean };
  functions.isNullOrUndefined ??= (value) => value === null || value === undefined;
}
