import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hardware } from './hardware.ts';

/** Where NVIDIA's driver for Linux tells of its GPUs. */
const GPUS_FOLDER = '/proc/driver/nvidia/gpus';

/** What an engine computes on that has proven to run on a GPU of NVIDIA's: which of them it does not say, and need not where all are of one model. */
export function nvidiaHardware(folder: string = GPUS_FOLDER): Hardware {
  const models = [...new Set(findModels(folder))].toSorted();
  if (models.length === 1) return { kind: 'gpu', name: models[0]!, isIdentified: true };
  const name = models.length > 1 ? `one of ${models.join(', ')}` : "a GPU that NVIDIA's driver does not name";
  return { kind: 'gpu', name, isIdentified: false };
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
