import { toAristarchError } from '../../src/base/errors.ts';
import type { Device, Executor } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { createAristarch } from '../step/aristarch.ts';
import type { Peer, StepSize } from '../step/peer.ts';
import { createTorch } from '../step/torch.ts';
import { timeStyleGan } from './games.ts';
import { measureScoring } from './scoring.ts';

export const WIDTHS = [256, 1024] as const;
export const SIZES = [32, 64] as const;

/** What a device did; times in milliseconds a step, rates in rows a second, by width or size of image. */
export interface DeviceResult {
  readonly device: Device | 'pytorch';
  readonly description: string;
  readonly tabular: Readonly<Record<string, number>>;
  readonly styleGan: Readonly<Record<string, number>>;
  /** By width, then by rows of a call. */
  readonly scoring: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Why something was left out. */
  readonly remarks: readonly string[];
}
/** A device that cannot be used here, and why. */
export interface AbsentDevice {
  readonly device: Device | 'pytorch';
  readonly reason: string;
}

export interface MeasureOptions {
  /** Milliseconds for each figure, about. */
  readonly forMs: number;
  /** Whether StyleGANs are trained, which takes minutes on a slow device. */
  readonly images: boolean;
  readonly python: string;
}

const sizeOfStep = (width: number): StepSize => ({
  ...{ batch: 256, features: 64, latent: 64, rows: 10_000, hidden: [width, width], threads: 1 },
});

export async function measureDevice(device: Device, options: MeasureOptions): Promise<DeviceResult | AbsentDevice> {
  let executor: Executor;
  try {
    executor = await openExecutor({ device, threads: 1, warn: console.error });
  } catch (thrown) {
    return { device, reason: toAristarchError(thrown).message };
  }
  const tabular = await byKey(WIDTHS, async (width) => {
    const peer = await createAristarch(sizeOfStep(width), device);
    const ms = await timeSteps(peer, options.forMs);
    await peer.close();
    return ms;
  });
  const scoring = await byKey(WIDTHS, (width) => measureScoring(executor, width, options.forMs / 4));
  const styleGan = options.images
    ? await byKey(SIZES, (size) => timeStyleGan(executor, size, Math.max(1, Math.round(options.forMs / 2000))))
    : {};
  await executor.close();
  const remarks = options.images ? [] : ['no StyleGAN: --images does not name it'];
  return { device, description: executor.description, tabular, styleGan, scoring, remarks };
}

/** The same table step written by hand in PyTorch, on the processor. */
export async function measureTorch({ forMs, python }: MeasureOptions): Promise<DeviceResult | AbsentDevice> {
  let description = '';
  const tabular: Record<string, number> = {};
  for (const width of WIDTHS) {
    const peer = await createTorch(sizeOfStep(width), python);
    if (typeof peer === 'string') return { device: 'pytorch', reason: peer };
    ({ description } = peer);
    tabular[String(width)] = await timeSteps(peer, forMs);
    await peer.close();
  }
  const remarks = ['scoring and StyleGAN are not written in it'];
  return { ...{ device: 'pytorch', description, tabular, styleGan: {}, scoring: {} }, remarks };
}

/** A few steps to warm up and to see how many fit, then those. */
async function timeSteps(peer: Peer, forMs: number): Promise<number> {
  const { wallMs } = await peer.run(2);
  return (await peer.run(Math.max(2, Math.min(500, Math.round(forMs / wallMs))))).wallMs;
}

async function byKey<T>(keys: readonly number[], measure: (key: number) => Promise<T>): Promise<Record<string, T>> {
  const found: Record<string, T> = {};
  for (const key of keys) found[String(key)] = await measure(key);
  return found;
}
