import { pino } from 'pino';
import type { Detector } from '../../src/scoring/detector.ts';
import type { InferenceMode } from '../../src/scoring/inference/inference.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { createBacklog } from '../../src/server/batching/backlog.ts';
import { createOpenBatched } from '../../src/server/batching/open-batched.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import { resolveServeConfig } from '../../src/server/config.ts';
import { openInference } from '../../src/server/inference.ts';
import { createMetrics } from '../../src/server/metrics.ts';

/** A model as the service opens it: with its batcher, and an inference thread where it has one. */
export async function openServed(model: string, inference: InferenceMode): Promise<Detector> {
  const config = resolveServeConfig({ flags: {}, env: {}, file: { model, inference, device: 'cpu' } });
  const metrics = createMetrics();
  const place = openInference({
    config,
    log: pino({ level: 'info' }, pino.destination(2)),
    clock: SYSTEM_CLOCK,
    metrics: metrics.inference,
  });
  const open = createOpenBatched({ config, clock: SYSTEM_CLOCK, openDetector, backlog: createBacklog() }, metrics);
  const detector = await open(model, { device: 'cpu', threads: config.threads, inference: place.inference });
  return {
    ...detector,
    close: async () => {
      await detector.close();
      await place.close(Infinity);
    },
  };
}
