import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/base/files.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { detect, prepareSet } from '../support/detector.ts';
import { readOpenSet, type LabelledRows, type OpenSet } from '../support/open-sets.ts';
import { PROTOCOLS, type ProtocolName } from '../support/protocols.ts';

/** What one set and seed gave; shares, not percent. */
const measurementSchema = z.object({
  family: z.enum(['adbench', 'mvtec-features']),
  set: z.string(),
  seed: z.number(),
  trainRows: z.number(),
  columns: z.number(),
  testRows: z.number(),
  anomalies: z.number(),
  auroc: z.number(),
  averagePrecision: z.number(),
  trainSeconds: z.number(),
  scoreSeconds: z.number(),
});
export type Measurement = z.infer<typeof measurementSchema>;

const CACHE = resolve(import.meta.dirname, '../../.cache/quality');

export interface MeasureOptions {
  readonly executor: Executor;
  readonly config: TrainConfig;
  readonly protocol: ProtocolName;
  readonly seeds: readonly number[];
  /** Measure again what is in the cache. */
  readonly fresh: boolean;
  readonly onMeasured: (measurement: Measurement, cached: boolean) => void;
}

/**
 * Measures a set with each seed. What was measured with the same configuration is taken from the cache, so that a run that
 * was cut goes on; after a change of the code, `fresh` measures again.
 */
export async function measureSet(set: OpenSet, options: MeasureOptions): Promise<Measurement[]> {
  const folder = join(CACHE, `${options.protocol}-${configHash(options.config)}`);
  let labelled: LabelledRows | undefined;
  const measurements: Measurement[] = [];
  for (const seed of options.seeds) {
    const path = join(folder, `${set.name}-${seed}.json`);
    const known = options.fresh ? undefined : await readCached(path);
    const measurement = known ?? (await measure(set, (labelled ??= await readOpenSet(set)), seed, options));
    if (!known) await writeFileAtomic(path, `${JSON.stringify(measurement)}\n`);
    options.onMeasured(measurement, known !== undefined);
    measurements.push(measurement);
  }
  return measurements;
}

async function measure(
  { family, name }: OpenSet,
  labelled: LabelledRows,
  seed: number,
  { executor, config, protocol }: MeasureOptions,
): Promise<Measurement> {
  const prepared = prepareSet(labelled, PROTOCOLS[protocol](labelled.anomalous, seed));
  const { scores, trainSeconds, scoreSeconds } = await detect(executor, config, prepared, seed);
  const { auroc, averagePrecision } = rankingMetrics(scores, prepared.anomalous);
  const [trainRows = 0, columns = 0] = prepared.train.shape;
  const { anomalous } = prepared;
  const anomalies = anomalous.reduce((sum, flag) => sum + flag, 0);
  const counts = { trainRows, columns, testRows: anomalous.length, anomalies };
  return { family, set: name, seed, ...counts, auroc, averagePrecision, trainSeconds, scoreSeconds };
}

async function readCached(path: string): Promise<Measurement | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : measurementSchema.parse(JSON.parse(text));
}

/** Of the settings on which the ranking depends. */
export function configHash({ preset, values, run }: TrainConfig): string {
  const identity = JSON.stringify([preset, values, run.numbers, run.score]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 12);
}
