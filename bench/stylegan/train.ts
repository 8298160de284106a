import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import type { PhaseHook } from '../../src/training/images/fit-game.ts';
import { trainImages } from '../../src/training/images/train-images.ts';

/** Where models and checkpoints are kept, so that a run that was cut goes on. */
const CACHE = resolve(import.meta.dirname, '../../.cache/bench/stylegan');

/** Seconds of all cores that this process has computed for, monotonic: what a run costs, however busy the machine is. */
export const cpuSeconds = (): number => process.cpuUsage().user / 1e6;

export interface StyleRunOptions {
  readonly name: string;
  readonly data: string;
  readonly where?: string;
  /** Settings of `train` beside the data. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly onPhase: PhaseHook;
}

/**
 * Trains a StyleGAN as `train --family stylegan` does and answers the model's folder. Phases that a run before has finished are not
 * trained again: their checkpoint is kept where this run is cut.
 */
export async function trainStyleGan({ name, data, where, settings, onPhase }: StyleRunOptions): Promise<string> {
  const out = join(CACHE, name);
  const file = {
    ...{ family: 'stylegan', data: [data], out, replace: true, device: 'cpu', checkpointSeconds: 60 },
    ...(where !== undefined && { where }),
    ...settings,
    resume: existsSync(join(`${out}.checkpoint`, 'run.json')),
  };
  let said = 0;
  await trainImages(
    resolveImageConfig({ flags: {}, env: {}, file })!,
    {
      ...{ note: console.error, warn: console.error, signal: new AbortController().signal },
      onUpdates: (done, total, remark) => {
        if (done - said < total / 50 && done < total) return;
        said = done;
        console.error(`${name}: ${done} of ${total} updates, ${remark}`);
      },
      now: () => new Date(),
      seconds: cpuSeconds,
    },
    onPhase,
  );
  return out;
}
