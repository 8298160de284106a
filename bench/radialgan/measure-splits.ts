import { z } from 'zod';
import type { Executor } from '../../src/runtime/executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { detect, prepareSet } from '../support/detector.ts';
import { splitHospitals } from './heart.ts';
import type { Judges } from './judges.ts';
import { augmentByAll, METHOD_NAMES, type TrainTestRows } from './methods.ts';
import { splitServices, type Services } from './services.ts';
import type { SourceTable } from './sources.ts';

export const figureSchema = z.object({
  task: z.enum(['prediction', 'detection']),
  target: z.string(),
  /** Own rows of the target. */
  count: z.number(),
  split: z.number(),
  method: z.enum(METHOD_NAMES),
  judge: z.string(),
  auroc: z.number(),
});
/** AUROC of one judge on the test rows of one split. */
export type Figure = z.infer<typeof figureSchema>;

/** Which rows: of whom, how many, and in which of the splits. */
export interface SplitKey {
  readonly target: string;
  readonly count: number;
  readonly split: number;
}

export interface MeasureOptions {
  readonly executor: Executor;
  readonly judges: Judges;
  /** All settings of the family. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Tells disease from health by classifiers of scikit-learn; labels are carried along. */
export async function measurePrediction(
  hospitals: readonly SourceTable[],
  { target, count, split }: SplitKey,
  { executor, judges, values }: MeasureOptions,
): Promise<Figure[]> {
  const exchange = splitHospitals(hospitals, target, count, split);
  const rows = await augmentByAll(exchange, { executor, values, seed: split, classes: 2 });
  const figures: Figure[] = [];
  for (const method of METHOD_NAMES) {
    const job = { judge: 'classifiers' as const, ...rows[method], seed: split };
    const found = await judges.judge(job, exchange.test.classes);
    for (const [judge, auroc] of Object.entries(found))
      figures.push({ task: 'prediction', target, count, split, method, judge, auroc });
  }
  return figures;
}

/** Without lacking columns generation is the same as the default. */
const DETECTION_METHODS = METHOD_NAMES.filter((method) => method !== 'radialgan-generate');

/** Tells attacks from normal connections, of which alone it is trained; by critics as well, where they have a configuration. */
export async function measureDetection(
  services: Services,
  { target, count, split }: SplitKey,
  { executor, judges, values, critic }: MeasureOptions & { readonly critic: TrainConfig | null },
): Promise<Figure[]> {
  const exchange = splitServices(services, target, count, split);
  const anomalous = exchange.test.classes;
  const rows = await augmentByAll(exchange, { executor, values, seed: split, classes: 1 });
  const figures: Figure[] = [];
  for (const method of DETECTION_METHODS) {
    const found = {
      ...(await judges.judge({ judge: 'neighbours', ...rows[method], seed: split }, anomalous)),
      ...(critic && { critic: await judgeByCritic(rows[method], anomalous, { executor, critic, seed: split }) }),
    };
    for (const [judge, auroc] of Object.entries(found))
      figures.push({ task: 'detection', target, count, split, method, judge, auroc });
  }
  return figures;
}

async function judgeByCritic(
  { train, test }: TrainTestRows,
  anomalous: Uint8Array,
  { executor, critic, seed }: { readonly executor: Executor; readonly critic: TrainConfig; readonly seed: number },
): Promise<number> {
  const all = [...train, ...test];
  const indices = Uint32Array.from(all, (_, row) => row);
  const prepared = prepareSet(
    {
      rows: Float32Array.from(all.flat()),
      width: all[0]!.length,
      anomalous: Uint8Array.from([...train.map(() => 0), ...anomalous]),
    },
    { train: indices.subarray(0, train.length), test: indices.subarray(train.length) },
  );
  const { scores } = await detect(executor, critic, prepared, seed);
  return rankingMetrics(scores, anomalous).auroc;
}
