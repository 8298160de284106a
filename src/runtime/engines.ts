import { createRequire } from 'node:module';
import { join } from 'node:path';
import { engineVersion, findCudaProvider, type CudaProvider } from './onnxruntime/cuda-provider.ts';
import { listSupportedBackends } from './onnxruntime/engine.ts';
import { tfjsFolder } from './tfjs/folder.ts';
import { TFJS_PACKAGES } from './tfjs/load.ts';

/** What is installed of the engines, whether or not it works. */
export interface Engines {
  readonly onnxruntime: {
    readonly version: string;
    /** Providers that the package was built for. */
    readonly providers: readonly string[];
  };
  readonly cudaProvider: CudaProvider;
  /** Packages that a TF.js executor can run on, the fastest first. */
  readonly tfjs: readonly string[];
}

export function findEngines(): Engines {
  return {
    onnxruntime: { version: engineVersion(), providers: listSupportedBackends().map(({ name }) => name) },
    cudaProvider: findCudaProvider(),
    tfjs: TFJS_PACKAGES.filter(isInstalled),
  };
}

function isInstalled(name: string): boolean {
  try {
    createRequire(join(tfjsFolder(process.env), 'package.json')).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
