import type { InferenceSession } from './engine.ts';

export const PROVIDERS = ['cpu', 'webgpu', 'cuda'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface OrtOptions {
  readonly provider: Provider;
  readonly threads: number;
  /** Called with a sentence where not all of a graph runs on the provider. */
  readonly warn?: (message: string) => void;
}

export type SessionOptions = InferenceSession.SessionOptions;

export function sessionOptions(provider: Provider, threads: number): SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    // Spinning threads burn the cores that the service's own thread needs.
    extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: threads > 1 ? '1' : '0' } } },
  };
}

/** Forbids a session to run anything on the CPU in silence. */
export const STRICT: SessionOptions = { extra: { session: { disable_cpu_ep_fallback: '1' } } };
