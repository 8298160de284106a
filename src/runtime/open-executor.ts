import { toAristarchError } from '../base/errors.ts';
import type { DeviceChoice, Executor, ExecutorOptions } from './executor.ts';
import { openOrtExecutor } from './onnxruntime/executor.ts';
import { openTfjsExecutor } from './tfjs/executor.ts';

/**
 * Opens an engine on a device that is proven to run. A device asked for by name that cannot be used is an error, never
 * a silent fallback; `auto` takes CUDA where it works and says so where it does not.
 */
export async function openExecutor(options: ExecutorOptions): Promise<Executor> {
  return await OPENERS[options.device](options);
}

type Opener = (options: ExecutorOptions) => Promise<Executor>;

const OPENERS: { readonly [D in DeviceChoice]: Opener } = {
  cpu: ({ threads }) => openOrtExecutor({ provider: 'cpu', threads }),
  webgpu: ({ threads }) => openOrtExecutor({ provider: 'webgpu', threads }),
  cuda: ({ threads }) => openOrtExecutor({ provider: 'cuda', threads }),
  tfjs: ({ warn }) => openTfjsExecutor({ warn }),
  auto: async ({ threads, warn }) => {
    try {
      return await openOrtExecutor({ provider: 'cuda', threads });
    } catch (thrown) {
      warn(`${toAristarchError(thrown).message} Going on with the CPU.`);
      return openOrtExecutor({ provider: 'cpu', threads });
    }
  },
};
