import type { InferenceSession } from './engine.ts';

export const PROVIDERS = ['cpu', 'webgpu', 'cuda'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface OrtOptions {
  readonly provider: Provider;
  readonly threads: number;
  /** Called with a sentence on where a graph's operators run, on another provider than the CPU's. */
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

/**
 * Of the probe, the first session of a process, whose word on denormals ONNX Runtime applies to the calling thread for good: there they stay
 * what they are, for JavaScript computes on that thread as well. Later sessions flush them in threads of their own.
 */
export const PROBE: { readonly [P in Provider]: SessionOptions } = {
  cpu: { extra: { session: { set_denormal_as_zero: '0' } } },
  webgpu: strict(),
  cuda: strict(),
};

/** Forbids a session to run anything on the CPU in silence. */
function strict(): SessionOptions {
  return { extra: { session: { set_denormal_as_zero: '0', disable_cpu_ep_fallback: '1' } } };
}
