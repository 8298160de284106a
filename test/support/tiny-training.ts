import { peakBytes } from '../../src/base/peak-memory.ts';
import { resolveTrainConfig } from '../../src/training/config.ts';
import type { TrainResult } from '../../src/training/export-model.ts';
import { trainModel, type TrainHooks } from '../../src/training/train.ts';

/** Few steps of small networks: a second or two. */
export const TINY_SETTINGS = { steps: 60, hidden: [24, 24], fourierFeatures: 16, batch: 32, device: 'cpu' } as const;

export interface TinyRun {
  /** Folder of the model. */
  readonly folder: string;
  readonly result: TrainResult;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Trains as the command does, on a file, with `TINY_SETTINGS` unless the settings say otherwise. */
export async function trainTiny(
  settings: { readonly data?: string; readonly out: string } & Readonly<Record<string, unknown>>,
  hooks: Partial<TrainHooks> = {},
): Promise<TinyRun> {
  const [notes, warnings]: [string[], string[]] = [[], []];
  const { data, ...others } = settings;
  const file = { ...TINY_SETTINGS, ...others, ...(data !== undefined && { data: [data] }) };
  const result = await trainModel(resolveTrainConfig({ flags: {}, env: {}, file }), {
    note: (message) => void notes.push(message),
    warn: (message) => void warnings.push(message),
    onUpdates: () => undefined,
    signal: new AbortController().signal,
    now: () => new Date(Date.UTC(2026, 0, 1)),
    seconds: () => performance.now() / 1000,
    peakBytes,
    ...hooks,
  });
  return { folder: result.model, result, notes, warnings };
}
