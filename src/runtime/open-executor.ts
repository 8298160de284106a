import { AristarchError, messageOf, toAristarchError } from '../base/errors.ts';
import { judgeCandidates, type Accelerator, type Choosing } from './choice/choose.ts';
import { CROSSINGS, UNMEASURED } from './choice/crossings.ts';
import { findHardware } from './choice/hardware.ts';
import type { Device, DeviceChoice, Executor, ExecutorOptions } from './executor.ts';
import { findCudaProvider } from './onnxruntime/cuda-provider.ts';
import { hasGpuLibrary } from './tfjs/folder.ts';
import type { Provider } from './onnxruntime/session-options.ts';

/**
 * Opens an engine on a device that is proven to run. A device asked for by name that cannot be used is an error, never
 * a silent fallback; `auto` takes what is faster at the work (docs/devices.md), and says so where that is the CPU.
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
  auto: (options) => openBest(options, HERE),
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

/** What `auto` goes by. */
export interface AutoParts extends Choosing {
  /** Why a device need not be tried at all. */
  readonly absence: (device: Accelerator) => string | undefined;
  readonly open: (device: Device, options: ExecutorOptions) => Promise<Executor>;
}

const HERE: AutoParts = {
  crossings: CROSSINGS,
  unmeasured: UNMEASURED,
  hardwareOf: (device) => findHardware(device, hasGpuLibrary(process.env)),
  absence: (device) => (device === 'cuda' && findCudaProvider().missing.length > 0 ? 'no provider library' : undefined),
  open: (device, options) => OPENERS[device](options),
};

/** The first device that is worth it and opens, else the CPU; says why not CUDA, which people expect, and what failed. */
export async function openBest(options: ExecutorOptions, parts: AutoParts): Promise<Executor> {
  const passed: string[] = [];
  for (const { device, reason } of judgeCandidates(options.work, parts)) {
    const why = parts.absence(device) ?? reason;
    if (why !== undefined) {
      if (device === 'cuda') passed.push(`${device}: ${why}`);
      continue;
    }
    try {
      return await parts.open(device, options);
    } catch (thrown) {
      passed.push(`${device}: ${reasonOf(thrown)}`);
    }
  }
  options.warn(`device: cpu (${passed.join('; ')})`);
  return parts.open('cpu', options);
}

/** In few words: `auto` is what most people run without a GPU, and they are not to be alarmed. */
function reasonOf(thrown: unknown): string {
  const { data, message } = toAristarchError(thrown);
  const reason = typeof data['reason'] === 'string' ? data['reason'] : message;
  return /shared library|LoadLibrary|dlopen/i.test(reason) ? 'no provider library' : reason;
}
