import type { Instruments } from './instruments.ts';

/** The thread that computes large inferences; docs/inference.md. */
export function inferenceMetrics({ counter }: Instruments) {
  return {
    threadLosses: counter(
      'inference_thread_losses_total',
      'Inference threads that ended by themselves: what they computed was refused with UNAVAILABLE, and each is replaced.',
    ),
  };
}
