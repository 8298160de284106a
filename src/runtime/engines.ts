import { createRequire } from 'node:module';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import {
  CUDA_PROVIDER_LIBRARIES,
  engineVersion,
  findCudaProvider,
  type CudaProvider,
} from './onnxruntime/cuda-provider.ts';
import { tfjsFolder } from './tfjs/folder.ts';
import { TFJS_PACKAGES } from './tfjs/load.ts';

/** What is installed of the engines, whether or not it works. */
export interface Engines {
  readonly onnxruntime: {
    /** Of the npm package; undefined where it is not there. */
    readonly version: string | undefined;
    /** Providers that the package was built for. */
    readonly providers: readonly string[];
    /** Why its library does not load; absent where it does. */
    readonly fault?: string;
  };
  readonly cudaProvider: CudaProvider;
  /** Packages that a TF.js executor can run on, the fastest first. */
  readonly tfjs: readonly string[];
}

/** Says it of engines that do not load, too: who asks may have come because of that. */
export async function findEngines(): Promise<Engines> {
  const version = orElse(engineVersion, undefined);
  const cudaProvider = orElse(() => findCudaProvider(), NO_PROVIDER);
  return {
    onnxruntime: { version, ...(await findProviders()) },
    cudaProvider,
    tfjs: TFJS_PACKAGES.filter(isInstalled),
  };
}

const NO_PROVIDER: CudaProvider = { folder: undefined, missing: CUDA_PROVIDER_LIBRARIES, record: undefined };

async function findProviders(): Promise<{ readonly providers: readonly string[]; readonly fault?: string }> {
  try {
    const { listSupportedBackends } = await import('./onnxruntime/engine.ts');
    return { providers: listSupportedBackends().map(({ name }) => name) };
  } catch (thrown) {
    return { providers: [], fault: firstLine(messageOf(thrown)) };
  }
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').trim();

/** Of a package that is not there. */
function orElse<T, E>(find: () => T, absent: E): T | E {
  try {
    return find();
  } catch {
    return absent;
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(join(tfjsFolder(process.env), 'package.json')).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
