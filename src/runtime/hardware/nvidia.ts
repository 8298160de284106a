import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hardware } from './hardware.ts';

/** What the process is looked at by. */
export interface NvidiaSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where NVIDIA's driver for Linux tells of its GPUs. */
  readonly folder: string;
}

const here = (): NvidiaSurroundings => ({ env: process.env, folder: '/proc/driver/nvidia' });

/**
 * What an engine computes on that has proven to run on a GPU of NVIDIA's: which of them it does not say, and need not where all are of one model. A
 * slice of a GPU (MIG) is named as such: slices of one model are of many sizes, and figures of the whole GPU are not theirs.
 */
export function nvidiaHardware({ env, folder }: NvidiaSurroundings = here()): Hardware {
  const models = [...new Set(findModels(join(folder, 'gpus')))].toSorted();
  const isSliced = namesSlice(env) || hasSlices(join(folder, 'capabilities'));
  if (models.length === 1 && !isSliced) return { kind: 'gpu', name: models[0]!, isIdentified: true };
  const name =
    models.length > 1 ? `one of ${models.join(', ')}` : (models[0] ?? "a GPU that NVIDIA's driver does not name");
  return { kind: 'gpu', name: isSliced ? `a MIG slice of ${name}` : name, isIdentified: false };
}

/** The model of each. */
function findModels(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((gpu) => {
      const text = readFileSync(join(folder, gpu, 'information'), 'utf8');
      return /^Model:\s*(.+?)\s*$/m.exec(text)?.[1] ?? [];
    });
  } catch {
    return [];
  }
}

/** Variables that choose the GPUs of a process and of a container: NVIDIA's MIG User Guide, "CUDA Device Enumeration". */
const CHOOSING = ['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'];

/** Whether a slice is chosen, which UUIDs such as MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f name. */
const namesSlice = (env: NvidiaSurroundings['env']): boolean =>
  CHOOSING.some((name) => (env[name] ?? '').split(',').some((device) => device.trim().startsWith('MIG-')));

/**
 * Whether a GPU is cut into slices, as gpu0/mig/gi1 there: CUDA computes on these alone then (the same guide, "Device Nodes and Capabilities"). Where
 * another GPU is whole, it may have taken that one: nobody says.
 */
function hasSlices(folder: string): boolean {
  try {
    return readdirSync(folder).some((gpu) => /^gpu\d+$/.test(gpu) && slicesOf(join(folder, gpu, 'mig')).length > 0);
  } catch {
    return false;
  }
}

function slicesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^gi\d+$/.test(name));
  } catch {
    return [];
  }
}
