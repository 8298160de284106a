import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { type InferenceThreadParts, startInferenceThread } from '../runtime/thread/inference-thread.ts';
import type { Inference, InferenceMode } from '../scoring/inference/inference.ts';
import { createRowPrograms } from '../scoring/inference/row-programs.ts';
import { by } from './by.ts';
import type { Clock } from './clock.ts';
import type { ServeConfig } from './config.ts';
import { endBesideWork } from './end-beside-work.ts';
import type { Metrics } from './metrics.ts';

export interface OpenInferenceParts {
  readonly config: Pick<ServeConfig, 'inference' | 'device' | 'workers'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics['inference'];
  readonly cores?: number;
  readonly start?: InferenceThreadParts['start'];
}

export interface OpenInference {
  readonly inference: Inference;
  /** To be called when no model is open any more; a thread that still computes when it is `byMs` is left behind. */
  readonly close: (byMs: number) => Promise<void>;
}

/** The place where this process has its models computed, with a thread of its own where one may be of use. */
export function openInference(parts: OpenInferenceParts): OpenInference {
  const { config, log, clock, metrics, cores = availableParallelism(), start } = parts;
  const { inference: mode, device, workers } = config;
  const tell = (message: string): void => log.info(message);
  const rowPrograms = createRowPrograms();
  const absent = REASONS[mode]({ device, cores: cores / workers });
  if (absent !== undefined)
    return { inference: { mode, thread: { absent }, tell, rowPrograms }, close: () => Promise.resolve() };
  const thread = startInferenceThread({
    ...(start && { start }),
    onLoss: (reason) => {
      metrics.threadLosses.inc();
      log.error({ reason }, `the inference thread was lost: ${reason}; another one takes its place`);
    },
  });
  const endAnyhow = endBesideWork(() => thread.isAtWork(), process);
  const close = async (byMs: number): Promise<void> => {
    if (await by(byMs, clock, thread.close())) {
      endAnyhow();
      return;
    }
    if (thread.isAtWork())
      log.error('the inference thread still computes what it was given: the process ends without it');
    thread.letGo();
  };
  return { inference: { mode, thread, tell, rowPrograms }, close };
}

interface Circumstances {
  readonly device: ServeConfig['device'];
  /** For each process. */
  readonly cores: number;
}

/** Why a process goes without a thread; undefined where it does not. */
const REASONS: { readonly [M in InferenceMode]: (circumstances: Circumstances) => string | undefined } = {
  inline: () => 'inline was asked for',
  worker: () => undefined,
  auto: ({ device, cores }) => {
    if (device !== 'cpu' && device !== 'auto') return `the device is ${device}`;
    // Two threads on one core take turns, and the way between them is for nothing.
    return cores < 2 ? 'there is no second core for each process' : undefined;
  },
};
