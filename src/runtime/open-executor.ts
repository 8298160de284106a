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
  tfjs: ({ threads, warn }) => openTfjsExecutor({ threads, warn }),
  auto: async ({ threads, warn }) => {
    try {
      return await openOrtExecutor({ provider: 'cuda', threads });
    } catch (thrown) {
      warn(`device: cpu (cuda: ${reasonOf(thrown)})`);
      return openOrtExecutor({ provider: 'cpu', threads });
    }
  },
};

/** In few words: `auto` is what most people run without a GPU, and they are not to be alarmed. */
function reasonOf(thrown: unknown): string {
  const { data, message } = toAristarchError(thrown);
  const reason = typeof data['reason'] === 'string' ? data['reason'] : message;
  return /shared library|LoadLibrary|dlopen/i.test(reason) ? 'no provider library' : reason;
}
