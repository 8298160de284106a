import type { Instruments } from './instruments.ts';

/** The processes that share the gRPC port; docs/workers.md. */
export function workerMetrics({ counter, gauge }: Instruments) {
  return {
    running: gauge('workers', 'Processes that answer gRPC calls: as many as --workers says, or fewer.', {
      together: 'sum',
    }),
    losses: counter(
      'worker_losses_total',
      'Workers that ended by themselves, or were ended because they hung; each is replaced.',
    ),
  };
}
