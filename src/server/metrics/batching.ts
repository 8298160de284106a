import type { Refusal } from '../batching/admission.ts';
import type { Instruments } from './instruments.ts';
import type { Stages } from './stages.ts';

/** From one row to the largest inference that is allowed by default, 2x apart: whether callers are scored together shows at the low end. */
const BATCH_ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 4096];

/** Why a request was turned away before its rows were looked at. */
export type Rejection = Refusal | 'held_bytes' | 'connections' | 'rate_limit' | 'unauthenticated' | 'permission_denied';

/** Callers who are scored together, and those who are turned away. */
export function batchingMetrics({ busyCounter, gauge, histogram }: Instruments, stages: Stages) {
  const rows = histogram(
    'batch_rows',
    'Rows of one inference, of all callers together; not those of versions on trial alone.',
    BATCH_ROWS,
  );
  const help =
    'Requests turned away before their rows were looked at: deadline (could not be scored in time, since others come first), ' +
    'too_short (its own rows take longer than it has time), queue_full (too many rows wait), held_bytes (messages that are unfinished or unanswered take all the memory that they may), connections (one more over gRPC than there may be, whatever would be asked on it), rate_limit, unauthenticated, permission_denied.';
  const rejections = busyCounter('rejections_total', help, ['reason'] as const);
  const queues = new Set<() => number>();
  gauge('queue_rows', 'Rows that wait for an inference, of all models, versions on trial included.', {
    together: 'sum',
    read: () => [...queues].reduce((sum, read) => sum + read(), 0),
  });
  return {
    onBatch: (count: number, _jobs: number, inferMs: number, isTrial: boolean): void => {
      if (!isTrial) rows.observe(count);
      stages.observe(isTrial ? 'trial' : 'infer', inferMs);
    },
    onTurn: (waitedMs: number): void => stages.observe('queue', waitedMs),
    onRefusal: (reason: Refusal): void => rejections.inc({ reason }),
    onRejection: (reason: Rejection): void => rejections.inc({ reason }),
    /** Asks how many rows wait at each scrape, until the returned function is called. */
    watchQueue: (read: () => number): (() => void) => {
      queues.add(read);
      return () => void queues.delete(read);
    },
  };
}
