import type { Logger } from 'pino';
import type { CandidateMetrics } from '../metrics/candidates.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import type { Models } from '../models/port.ts';
import { Candidates } from './candidates.ts';
import { createRowLog } from './row-log.ts';

export interface OpenCandidatesParts {
  readonly config: ServeConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Undefined where one model is served for good: nothing can stand beside it. */
export function openCandidates(
  { config, clock, log }: OpenCandidatesParts,
  models: Models,
  metrics: CandidateMetrics,
): Candidates | undefined {
  const { candidateLog: path, candidateLogBytes: maxBytes } = config;
  if (config.models === undefined) return undefined;
  return new Candidates({
    ...{ models, metrics, clock },
    limits: { maxRows: config.candidateQueueRows, timeShare: config.candidateTimeShare },
    timeoutMs: config.candidateTimeoutMs,
    record:
      path === undefined
        ? () => undefined
        : createRowLog({ path, maxBytes, clock, log, onDropped: metrics.logDropped }),
  });
}
