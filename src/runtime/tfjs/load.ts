import util from 'node:util';
import type * as TfCore from '@tensorflow/tfjs-core';
import { AristarchError, messageOf } from '../../base/errors.ts';

/** The API of TF.js as far as all its packages share it; a value of it is passed to whoever computes with it. */
export type Tf = typeof TfCore;
export type TfTensor = TfCore.Tensor;

/** What can hold a TF.js that computes, the fastest first. All are optional peer dependencies (docs/decisions/0009). */
export const TFJS_PACKAGES = [
  '@tensorflow/tfjs-node-gpu',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
] as const;
export type TfjsPackage = (typeof TFJS_PACKAGES)[number];

export interface LoadedTfjs {
  readonly tf: Tf;
  readonly packageName: TfjsPackage;
}

export interface LoadOptions {
  /** Which packages may be taken, in this order. */
  readonly packages?: readonly TfjsPackage[];
  /** Called with a sentence where a package is installed but does not load. */
  readonly warn: (message: string) => void;
}

/** The first TF.js package that is installed and loads, with its backend set. Throws `DEVICE_UNAVAILABLE`. */
export async function loadTfjs({ packages = TFJS_PACKAGES, warn }: LoadOptions): Promise<LoadedTfjs> {
  for (const packageName of packages) {
    try {
      return { tf: await LOADERS[packageName](packageName), packageName };
    } catch (thrown) {
      const reason = (messageOf(thrown).split('\n')[0] ?? '').trim();
      if (!isAbsent(reason)) warn(`${packageName} is installed but does not load: ${reason}`);
    }
  }
  throw new AristarchError(
    'DEVICE_UNAVAILABLE',
    `device tfjs cannot be used here: none of ${packages.join(', ')} is installed and loads. Install one beside ` +
      'Aristarch, for example "npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm", or use --device cpu.',
    { packages },
  );
}

/** Whether TF.js itself is not there, rather than something that it needs. */
function isAbsent(reason: string): boolean {
  return /cannot find (module|package) '@tensorflow\//i.test(reason);
}

type Load = (packageName: TfjsPackage) => Promise<Tf>;

/** TensorFlow's own library, behind an addon. */
const loadNative: Load = async (packageName) => {
  defineDroppedFunction();
  const tf = (await importPackage(packageName)) as Tf;
  await tf.ready();
  return tf;
};

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
  '@tensorflow/tfjs-node-gpu': loadNative,
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
