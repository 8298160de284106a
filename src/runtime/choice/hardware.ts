import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import type { Device } from '../executor.ts';

/** The machine, as far as it is looked at. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where NVIDIA's driver tells of its GPUs. */
  readonly nvidiaFolder: string;
  readonly processor: string;
}

const here = (): Surroundings => ({
  ...{ env: process.env, nvidiaFolder: '/proc/driver/nvidia/gpus' },
  processor: cpus()[0]?.model.trim() ?? 'unknown',
});

/**
 * What a device computes on here, by the name that measured figures are kept under: a processor's, a GPU's, or the manifest of the Vulkan
 * driver that the environment names. `usesGpu` is of TensorFlow, which has a library for each. Undefined where nobody says it without starting the device: a GPU of another make than NVIDIA's.
 */
export function findHardware(device: Device, usesGpu: boolean, surroundings = here()): string | undefined {
  const { env, nvidiaFolder, processor } = surroundings;
  const gpu = findNvidiaGpu(nvidiaFolder);
  if (device === 'cpu') return processor;
  if (device === 'tfjs') return usesGpu ? gpu : processor;
  const drivers = env['VK_DRIVER_FILES'] ?? env['VK_ICD_FILENAMES'] ?? '';
  if (device === 'webgpu' && drivers !== '')
    return `Vulkan by ${drivers
      .split(':')
      .map((path) => basename(path))
      .join(', ')}`;
  return gpu;
}

/** The model of the first one. */
function findNvidiaGpu(folder: string): string | undefined {
  try {
    const [first] = readdirSync(folder).toSorted();
    const text = readFileSync(join(folder, first!, 'information'), 'utf8');
    return /^Model:\s*(.+?)\s*$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
