import type { Executor } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import { openTfjsExecutor } from '../../src/runtime/tfjs/executor.ts';
import type { TfjsPackage } from '../../src/runtime/tfjs/load.ts';
import { needs, type Need } from './needs.ts';

interface Engine {
  readonly needs: readonly Need[];
  readonly open: () => Promise<Executor>;
}

const onTfjs = (packageName: TfjsPackage): (() => Promise<Executor>) => {
  const warn = (message: string): never => {
    throw new Error(message);
  };
  return () => openTfjsExecutor({ packages: [packageName], threads: 1, warn });
};

/** What runs graphs. TensorFlow is its own library, as `npm run setup:tfjs` makes it; the others come with `npm ci`. */
export const ENGINES = {
  'ONNX Runtime': { needs: [], open: () => openOrtExecutor({ provider: 'cpu', threads: 1 }) },
  'TF.js on wasm': { needs: [], open: onTfjs('@tensorflow/tfjs-backend-wasm') },
  'TF.js on cpu': { needs: [], open: onTfjs('@tensorflow/tfjs-backend-cpu') },
  TensorFlow: { needs: ['tensorflow'], open: onTfjs('@tensorflow/tfjs-node-gpu') },
} as const satisfies Readonly<Record<string, Engine>>;
export type EngineName = keyof typeof ENGINES;

/** A block of tests for each engine, which opens it; one that is not there is skipped with the reason. */
export function describeEngines(
  names: readonly EngineName[],
  title: string,
  body: (open: () => Promise<Executor>, name: EngineName) => void,
): void {
  for (const name of names) {
    const engine: Engine = ENGINES[name];
    needs(...engine.needs).describe(`${title}, ${name}`, () => body(engine.open, name));
  }
}
