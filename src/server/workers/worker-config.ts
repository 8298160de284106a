import { parse, join } from 'node:path';
import type { ServeConfig } from '../config.ts';

/**
 * What a worker's configuration has of its own. Each worker watches drift by itself, and the promise on false alarms is made for
 * the service: by the union bound it holds where each keeps its share of the probability. Two processes cannot turn one log over.
 */
export function toWorkerConfig(config: ServeConfig, slot: number): ServeConfig {
  const { workers, driftAlarmProbability, candidateLog } = config;
  return {
    ...config,
    driftAlarmProbability: driftAlarmProbability / workers,
    candidateLog: candidateLog === undefined ? undefined : withSlot(candidateLog, slot),
  };
}

/** log/trial.ndjson -> log/trial.worker-2.ndjson */
function withSlot(path: string, slot: number): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.worker-${slot}${ext}`);
}
