import { z } from 'zod';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../src/models/scoring-graph.ts';
import type { Executor, NumberArray } from '../../src/runtime/executor.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { prepareSet, trainGraph } from '../support/detector.ts';
import { readOpenSet, type OpenSet } from '../support/open-sets.ts';
import { PROTOCOLS } from '../support/protocols.ts';
import { SCOPES, toHalf, type Scope } from './half-precision.ts';

const scopeNames = Object.keys(SCOPES) as Scope[];
/** Verdicts are compared at this share of normal rows. */
export const RATE = 0.01;
const TIMED_ROWS = 4096;

const lossSchema = z.object({
  scope: z.enum(scopeNames as [Scope, ...Scope[]]),
  /** Of the rounded scores; null where some are not finite. */
  auroc: z.number().nullable(),
  averagePrecision: z.number().nullable(),
  /** The largest and the mean difference of a row's p-value. */
  worstP: z.number().nullable(),
  meanP: z.number().nullable(),
  /** Share of rows whose verdict at `RATE` is another. */
  changed: z.number().nullable(),
  /** Microseconds a row on this processor, in calls of 4,096 rows, computed as float16 where there are kernels. */
  microseconds: z.number(),
});
export type HalfLoss = z.infer<typeof lossSchema>;

export const halfSchema = z.object({
  ...{ set: z.string(), seed: z.number(), rows: z.number() },
  ...{ auroc: z.number(), averagePrecision: z.number(), microseconds: z.number() },
  losses: z.array(lossSchema),
});
export type HalfMeasurement = z.infer<typeof halfSchema>;

/** Trains on a set, and scores its test rows in single precision and rounded to half. */
export async function measureHalf(
  set: OpenSet,
  seed: number,
  { executor, config }: { readonly executor: Executor; readonly config: TrainConfig },
): Promise<HalfMeasurement> {
  const labelled = await readOpenSet(set);
  const prepared = prepareSet(labelled, PROTOCOLS.split(labelled.anomalous, seed));
  const { test, anomalous } = prepared;
  const onnx = emitGraph(await trainGraph(executor, config, prepared, seed));
  const scores = await score(executor, onnx, test);
  const { auroc, averagePrecision } = rankingMetrics(scores, anomalous);
  const losses: HalfLoss[] = [];
  for (const scope of scopeNames) {
    const rounded = await score(executor, toHalf(onnx, scope, 'rounded'), test);
    const isFinite = rounded.every(Number.isFinite);
    const ranking = isFinite ? rankingMetrics(rounded, anomalous) : undefined;
    losses.push({
      ...{ scope, auroc: ranking?.auroc ?? null, averagePrecision: ranking?.averagePrecision ?? null },
      ...(isFinite ? comparePValues(scores, rounded, anomalous) : { worstP: null, meanP: null, changed: null }),
      microseconds: await timeRow(executor, toHalf(onnx, scope, 'computed'), test),
    });
  }
  const microseconds = await timeRow(executor, onnx, test);
  return { set: set.name, seed, rows: anomalous.length, auroc, averagePrecision, microseconds, losses };
}

async function score(executor: Executor, onnx: Uint8Array, rows: NumberArray): Promise<Float32Array> {
  const session = await executor.load(onnx);
  const results = await session.run({ [ROWS_INPUT]: rows });
  await session.close();
  return results[SCORES_OUTPUT]!.data;
}

/** Half of the normal test rows, in single precision, calibrate both: as a model that was calibrated before it is served in half. */
export function comparePValues(scores: Float32Array, rounded: Float32Array, anomalous: Uint8Array) {
  const normal = Array.from(anomalous.keys()).filter((row) => anomalous[row] === 0);
  const held = new Set(normal.filter((_, at) => at % 2 === 0));
  const calibration = Float32Array.from(held, (row) => scores[row]!).sort();
  const pValueOf = (value: number): number =>
    (1 + calibration.filter((each) => each >= value).length) / (calibration.length + 1);
  const rows = Array.from(anomalous.keys()).filter((row) => !held.has(row));
  const pairs = rows.map((row) => [pValueOf(scores[row]!), pValueOf(rounded[row]!)] as const);
  const gaps = pairs.map(([single, half]) => Math.abs(single - half));
  const changed = pairs.filter(([single, half]) => single <= RATE !== half <= RATE).length;
  return {
    worstP: Math.max(...gaps),
    meanP: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
    changed: changed / rows.length,
  };
}

/** The fastest of some calls. */
async function timeRow(executor: Executor, onnx: Uint8Array, { data, shape }: NumberArray): Promise<number> {
  const [count = 0, width = 0] = shape;
  const rows = Float32Array.from({ length: TIMED_ROWS * width }, (_, at) => data[at % (count * width)]!);
  const session = await executor.load(onnx);
  let fastest = Infinity;
  for (let call = 0; call < 7; call++) {
    const started = performance.now();
    await session.run({ [ROWS_INPUT]: { data: rows, shape: [TIMED_ROWS, width] } });
    fastest = Math.min(fastest, performance.now() - started);
  }
  await session.close();
  return (1000 * fastest) / TIMED_ROWS;
}
