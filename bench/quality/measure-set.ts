import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DEFAULT_FAMILY } from '../../src/models/families/index.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { cached } from '../support/cached.ts';
import { detect, prepareSet } from '../support/detector.ts';
import { readOpenSet, type LabelledRows, type OpenSet } from '../support/open-sets.ts';
import { PROTOCOLS, type ProtocolName } from '../support/protocols.ts';

/** What one set and seed gave; shares, not percent. */
export const measurementSchema = z.object({
  family: z.enum(['adbench', 'mvtec-features']),
  set: z.string(),
  seed: z.number(),
  trainRows: z.number(),
  columns: z.number(),
  testRows: z.number(),
  anomalies: z.number(),
  auroc: z.number(),
  averagePrecision: z.number(),
  /** Processor time. */
  trainSeconds: z.number(),
  scoreSeconds: z.number(),
});
export type Measurement = z.infer<typeof measurementSchema>;

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
  const folder = `quality-${options.protocol}-${configHash(options.config)}`;
  let labelled: LabelledRows | undefined;
  const measurements: Measurement[] = [];
  for (const seed of options.seeds) {
    const { value, wasCached } = await cached(
      { key: `${folder}/${set.name}-${seed}`, schema: measurementSchema, fresh: options.fresh },
      async () => measure(set, (labelled ??= await readOpenSet(set)), seed, options),
    );
    options.onMeasured(value, wasCached);
    measurements.push(value);
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

/** Of the settings on which the ranking depends. */
export function configHash({ family, preset, values, run }: TrainConfig): string {
  const identity = JSON.stringify([
    preset,
    values,
    // The default's results were kept before there were others.
    ...(family.name === DEFAULT_FAMILY ? [] : [family.name]),
    run.numbers,
    run.score,
    ...(run.clip === undefined ? [] : [run.clip]),
  ]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 12);
}
