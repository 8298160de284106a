import { AristarchError, messageOf, toAristarchError } from '../base/errors.ts';
import type { DeviceChoice, Executor, ExecutorOptions } from './executor.ts';
import type { Provider } from './onnxruntime/session-options.ts';

/**
 * Opens an engine on a device that is proven to run. A device asked for by name that cannot be used is an error, never
 * a silent fallback; `auto` takes CUDA where it works and says so where it does not.
 */
export async function openExecutor(options: ExecutorOptions): Promise<Executor> {
  return await OPENERS[options.device](options);
}

type Opener = (options: ExecutorOptions) => Promise<Executor>;

const OPENERS: { readonly [D in DeviceChoice]: Opener } = {
  cpu: onOrt('cpu'),
  webgpu: onOrt('webgpu'),
  cuda: onOrt('cuda'),
  tfjs: async ({ threads, warn }) => (await import('./tfjs/executor.ts')).openTfjsExecutor({ threads, warn }),
  auto: async (options) => {
    try {
      return await OPENERS.cuda(options);
    } catch (thrown) {
      options.warn(`device: cpu (cuda: ${reasonOf(thrown)})`);
      return OPENERS.cpu(options);
    }
  },
};

/** An engine is loaded when it is first asked for: where one does not load, the others and `doctor` still do. */
function onOrt(provider: Provider): Opener {
  return async (options) => {
    const { openOrtExecutor } = await importOrt(provider);
    return openOrtExecutor({ ...options, provider });
  };
}

async function importOrt(provider: Provider) {
  try {
    return await import('./onnxruntime/executor.ts');
  } catch (thrown) {
    const reason = (messageOf(thrown).split('\n')[0] ?? '').trim();
    const message = `device ${provider} cannot be used here: ONNX Runtime does not load: ${reason}. Install Aristarch's packages anew ("npm ci"); "aristarch doctor" says what works.`;
    throw new AristarchError('DEVICE_UNAVAILABLE', message, { provider, reason }, thrown);
  }
}

/** In few words: `auto` is what most people run without a GPU, and they are not to be alarmed. */
function reasonOf(thrown: unknown): string {
  const { data, message } = toAristarchError(thrown);
  const reason = typeof data['reason'] === 'string' ? data['reason'] : message;
  return /shared library|LoadLibrary|dlopen/i.test(reason) ? 'no provider library' : reason;
}
