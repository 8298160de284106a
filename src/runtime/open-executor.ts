import { AristarchError, messageOf, toAristarchError } from '../base/errors.ts';
import { type Accelerator, AUTO_ORDER, type Figures, judge, whyNotOpen } from './choice/choose.ts';
import { CROSSINGS, UNMEASURED } from './choice/crossings.ts';
import { processorName } from './hardware/hardware.ts';
import type { Device, DeviceChoice, Executor, ExecutorOptions } from './executor.ts';
import { findCudaProvider } from './onnxruntime/cuda-provider.ts';
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
export interface AutoParts extends Figures {
  /** Why a device need not be tried at all. */
  readonly absence: (device: Accelerator) => string | undefined;
  readonly open: (device: Device, options: ExecutorOptions) => Promise<Executor>;
}

const HERE: AutoParts = {
  ...{ crossings: CROSSINGS, unmeasured: UNMEASURED, processor: processorName() },
  absence: (device) => (device === 'cuda' && findCudaProvider().missing.length > 0 ? 'no provider library' : undefined),
  open: (device, options) => OPENERS[device](options),
};

/**
 * The first device that opens and is worth it on the hardware that it was found on, else the CPU. Says why not CUDA, which people expect, what
 * failed or was left, and where only the assumption speaks for the device.
 */
export async function openBest(options: ExecutorOptions, parts: AutoParts): Promise<Executor> {
  const passed: string[] = [];
  for (const device of AUTO_ORDER) {
    const why = parts.absence(device) ?? whyNotOpen(device, options.work, parts);
    if (why !== undefined) {
      if (device === 'cuda') passed.push(`${device}: ${why}`);
      continue;
    }
    const opened = await tryOpen(device, options, parts);
    if (typeof opened !== 'string') return opened;
    passed.push(`${device}: ${opened}`);
  }
  options.warn(`device: cpu (${passed.join('; ')})`);
  return parts.open('cpu', options);
}

/** The device, where it is worth it; else why not. */
async function tryOpen(device: Accelerator, options: ExecutorOptions, parts: AutoParts): Promise<Executor | string> {
  let executor: Executor;
  try {
    executor = await parts.open(device, options);
  } catch (thrown) {
    return reasonOf(thrown);
  }
  const { name } = executor.hardware;
  const verdict = judge(device, executor.hardware, options.work, parts);
  if (!verdict.isTaken) {
    await executor.close();
    return verdict.reason;
  }
  const figures = verdict.isAssumed ? 'by an assumption: nobody has measured it' : 'by what was measured on it';
  options.warn(`device: ${device} on ${name}, ${figures} (docs/devices.md)`);
  return executor;
}

/** In few words: `auto` is what most people run without a GPU, and they are not to be alarmed. */
function reasonOf(thrown: unknown): string {
  const { data, message } = toAristarchError(thrown);
  const reason = typeof data['reason'] === 'string' ? data['reason'] : message;
  return /shared library|LoadLibrary|dlopen/i.test(reason) ? 'no provider library' : reason;
}
