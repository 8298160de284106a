import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { resolveImageConfig } from '../../src/training/images/config.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import type { PhaseHook } from '../../src/training/images/fit-game.ts';
import { trainImages } from '../../src/training/images/train-images.ts';

/** Where models and checkpoints are kept, so that a run that was cut goes on. */
export const CACHE = resolve(import.meta.dirname, '../../.cache/bench/stylegan');

/** Seconds of all cores that this process has computed for, monotonic: what a run costs, however busy the machine is. */
export const cpuSeconds = (): number => process.cpuUsage().user / 1e6;

/** Results are kept by what they depend on. */
export const keyOf = (name: string, settings: object): string =>
  `stylegan/${name}-${createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12)}`;

/** What a part of the bench is given. */
export interface BenchOptions {
  readonly executor: Executor;
  readonly size: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Seconds of CPU that this process may train for. */
  readonly timeBudget: number;
}

export interface StyleRunOptions {
  readonly name: string;
  readonly data: string;
  readonly where?: string;
  /** Settings of `train` beside the data. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly onPhase: PhaseHook;
}

export interface StyleRun {
  /** The model's folder. */
  readonly model: string;
  /** Of CPU, by all processes that had a part in the run, what they measured included. */
  readonly seconds: number;
}

/**
 * Trains a StyleGAN as `train --family stylegan` does. A run that was cut goes on where its last checkpoint was written.
 */
export async function trainStyleGan({ name, data, where, settings, onPhase }: StyleRunOptions): Promise<StyleRun> {
  const out = join(CACHE, name);
  const resume = existsSync(join(`${out}.checkpoint`, 'run.json'));
  const spent = keepSpent(name, resume);
  const file = {
    ...{ family: 'stylegan', data: [data], out, replace: true, device: 'cpu', checkpointSeconds: 10 },
    ...(where !== undefined && { where }),
    ...{ ...settings, resume },
  };
  let said = 0;
  await trainImages(
    resolveImageConfig({ flags: {}, env: {}, file })!,
    {
      ...{ note: console.error, warn: console.error, signal: new AbortController().signal },
      onUpdates: (done, total, remark) => {
        spent();
        if (done - said < total / 50 && done < total) return;
        said = done;
        console.error(`${name}: ${done} of ${total} updates, ${remark}`);
      },
      now: () => new Date(),
      seconds: cpuSeconds,
      peakBytes,
    },
    onPhase,
  );
  return { model: out, seconds: spent() };
}

/** Seconds of CPU that a run has taken, by all processes that had a part in it; null where nobody counted. */
export function secondsOf(name: string, cache = CACHE): number | null {
  const path = spentFile(name, cache);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : null;
}

const spentFile = (name: string, cache: string): string => join(cache, `${name}.seconds`);

/** Keeps for how long a run has computed, also in processes that were cut; each call renews it and answers it. */
export function keepSpent(name: string, resume: boolean, cache = CACHE): () => number {
  const path = spentFile(name, cache);
  const before = resume ? (secondsOf(name, cache) ?? 0) : 0;
  const startedAt = cpuSeconds();
  mkdirSync(cache, { recursive: true });
  return () => {
    const seconds = before + cpuSeconds() - startedAt;
    writeFileSync(path, `${seconds}`);
    return seconds;
  };
}
