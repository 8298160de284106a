import type { Detector, OpenDetectorOptions } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { Backlog } from './backlog.ts';
import { createBatchedDetector } from './batched-detector.ts';

export interface OpenBatchedParts {
  readonly config: Pick<ServeConfig, 'maxBatchRows' | 'maxBatchDelayMs' | 'maxQueueRows'>;
  readonly clock: Clock;
  readonly openDetector: OpenDetector;
  /** Told of each queue while it is open. */
  readonly backlog: Backlog;
}

type OpenDetector = (folder: string, options: OpenDetectorOptions) => Promise<Detector>;

/** Opens detectors whose callers are scored together, each with a queue of its own, which is watched while it is open. */
export function createOpenBatched(
  { config, clock, openDetector, backlog }: OpenBatchedParts,
  metrics: Metrics,
): OpenDetector {
  const { maxBatchRows, maxBatchDelayMs: maxDelayMs, maxQueueRows } = config;
  const { onBatch, onTurn, onRefusal, watchQueue } = metrics.batching;
  const parts = { clock, limits: { maxBatchRows, maxDelayMs, maxQueueRows }, events: { onBatch, onTurn, onRefusal } };
  return async (folder, options) => {
    const detector = createBatchedDetector(await openDetector(folder, options), parts);
    const forget = [watchQueue(() => detector.queuedRows), backlog.watch(detector)];
    return {
      ...detector,
      close: async () => {
        for (const each of forget) each();
        await detector.close();
      },
    };
  };
}
