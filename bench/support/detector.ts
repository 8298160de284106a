import { createRandom } from '../../src/base/philox.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { rowWidth, type FeatureSchema } from '../../src/models/features/schema.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import type { Executor, NumberArray } from '../../src/runtime/executor.ts';
import { resolveTrainConfig, type TrainConfig } from '../../src/training/config.ts';
import { fitCritics, type FitOptions, type Journal } from '../../src/training/fit/fit-critics.ts';
import { planner } from '../../src/training/fit/planner.ts';
import { SCORES_BY } from '../../src/training/fit/fit-model.ts';
import { numberSchema, type LabelledRows } from './open-sets.ts';
import type { TrainTest } from './protocols.ts';

/** The configuration of `train` with these settings changed; `{}` is the default. */
export function benchConfig(changed: Readonly<Record<string, unknown>> = {}): TrainConfig {
  return resolveTrainConfig({ flags: {}, env: {}, file: { data: ['bench'], ...changed } });
}

/** Training and test rows without the columns that training would leave out. */
export interface PreparedSet {
  readonly schema: FeatureSchema;
  readonly train: NumberArray;
  readonly test: NumberArray;
  /** Of the test rows; 1 = anomaly. */
  readonly anomalous: Uint8Array;
}

/** Packs the chosen rows. A column that is constant in the training rows is left out, as `train` does. */
export function prepareSet({ rows, width, anomalous }: LabelledRows, { train, test }: TrainTest): PreparedSet {
  const first = (train[0] ?? 0) * width;
  const columns = Array.from({ length: width }, (_, column) => column).filter((column) =>
    train.some((row) => rows[row * width + column] !== rows[first + column]),
  );
  const pack = (chosen: Uint32Array): NumberArray => {
    const data = new Float32Array(chosen.length * columns.length);
    let at = 0;
    for (const row of chosen) for (const column of columns) data[at++] = rows[row * width + column]!;
    return { data, shape: [chosen.length, columns.length] };
  };
  return {
    schema: numberSchema(columns.map((column) => `f${column}`)),
    train: pack(train),
    test: pack(test),
    anomalous: Uint8Array.from(test, (row) => anomalous[row]!),
  };
}

export interface Detection {
  /** Of the test rows. */
  readonly scores: Float32Array;
  /** Seconds of processor time, all threads together: they tell less of the machine's other work than the clock does. */
  readonly trainSeconds: number;
  readonly scoreSeconds: number;
}

/** A run that nobody watches and that is never resumed. */
export const SILENT_JOURNAL: Journal = {
  resume: () => Promise.resolve(undefined),
  progress: () => Promise.resolve('continue'),
  finished: () => Promise.resolve(),
  save: () => Promise.resolve(),
};

/** What `train` would hand to the fit. */
export function fitOptions(executor: Executor, config: TrainConfig, schema: FeatureSchema, seed: number): FitOptions {
  const { run } = config;
  return {
    ...{ executor, schema, journal: SILENT_JOURNAL, stepsPerCall: run.stepsPerCall },
    random: createRandom(seed),
    transform: { numbers: run.numbers, clip: run.clip },
    plan: planner(config, 1),
  };
}

/** Trains the critics that the configuration scores by, on all training rows (no calibration). */
export async function trainGraph(
  executor: Executor,
  config: TrainConfig,
  { schema, train }: PreparedSet,
  seed: number,
): Promise<Graph> {
  const all = Uint32Array.from({ length: train.shape[0] ?? 0 }, (_, row) => row);
  const rows = { matrix: train, chosen: createRandom(seed).stream('order').permutation(all.length) };
  const options = fitOptions(executor, config, schema, seed);
  const { transform, critics } = await fitCritics(options, 'final', rows, SCORES_BY[config.run.score]);
  return scoringGraph(rowWidth(schema), transform, critics);
}

/** The same, and scores the test rows. */
export async function detect(
  executor: Executor,
  config: TrainConfig,
  prepared: PreparedSet,
  seed: number,
): Promise<Detection> {
  const clock = cpuClock();
  const graph = await trainGraph(executor, config, prepared, seed);
  const trainSeconds = clock();
  const session = await executor.compile(graph);
  const results = await session.run({ [ROWS_INPUT]: prepared.test });
  await session.close();
  const scores = results[SCORES_OUTPUT]!.data;
  if (!scores.every(Number.isFinite)) throw new Error('some scores are not finite');
  return { scores, trainSeconds, scoreSeconds: clock() - trainSeconds };
}

/** Seconds of processor time since the call. */
export function cpuClock(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
}
