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
  cpu: (options) => openOrtExecutor({ ...options, provider: 'cpu' }),
  webgpu: (options) => openOrtExecutor({ ...options, provider: 'webgpu' }),
  cuda: (options) => openOrtExecutor({ ...options, provider: 'cuda' }),
  tfjs: ({ threads, warn }) => openTfjsExecutor({ threads, warn }),
  auto: async (options) => {
    try {
      return await openOrtExecutor({ ...options, provider: 'cuda' });
    } catch (thrown) {
      options.warn(`device: cpu (cuda: ${reasonOf(thrown)})`);
      return openOrtExecutor({ ...options, provider: 'cpu' });
    }
  },
};

/** In few words: `auto` is what most people run without a GPU, and they are not to be alarmed. */
function reasonOf(thrown: unknown): string {
  const { data, message } = toAristarchError(thrown);
  const reason = typeof data['reason'] === 'string' ? data['reason'] : message;
  return /shared library|LoadLibrary|dlopen/i.test(reason) ? 'no provider library' : reason;
}
