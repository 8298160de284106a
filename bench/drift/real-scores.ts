import { createRandom } from '../../src/base/philox.ts';
import { fingerprintRows } from '../../src/training/data/fingerprint.ts';
import { fitCritics } from '../../src/training/fit/fit-critics.ts';
import { SCORES_BY } from '../../src/training/fit/fit-model.ts';
import { rowWidth, type FeatureSchema } from '../../src/models/features/schema.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import type { ColumnFingerprint } from '../../src/models/artefact/manifest.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { benchConfig, cpuClock, fitOptions, prepareSet } from '../support/detector.ts';
import { findOpenSets, readOpenSet } from '../support/open-sets.ts';

const TRAINING_ROWS = 20_000;
const CHUNK = 4096;

export interface RealScores {
  readonly set: string;
  readonly schema: FeatureSchema;
  readonly columns: readonly ColumnFingerprint[];
  /** Scores of the normal rows that were not trained on, in the order of the file. */
  readonly normals: Float32Array;
  readonly anomalies: Float32Array;
  /** The rows of `normals`, packed. */
  readonly normalRows: Float32Array;
  readonly anomalousRows: Float32Array;
  /** Processor time of scoring one row, batches of 4,096. */
  readonly microsecondsPerRow: number;
}

/** Trains by default settings on 20,000 normal rows of a set, drawn at random, and scores all its other rows. */
export async function scoreRealSet(executor: Executor, name: string, seed: number): Promise<RealScores> {
  const [set] = findOpenSets([name]);
  const labelled = await readOpenSet(set!);
  const order = createRandom(seed).stream('split').permutation(labelled.anomalous.length);
  const train = order.filter((row) => labelled.anomalous[row] === 0).subarray(0, TRAINING_ROWS);
  const trained = new Set(train);
  const all = Uint32Array.from({ length: labelled.anomalous.length }, (_, row) => row);
  const prepared = prepareSet(labelled, { train, test: all.filter((row) => !trained.has(row)) });
  const config = benchConfig();
  const options = fitOptions(executor, config, prepared.schema, seed);
  const chosen = Uint32Array.from({ length: TRAINING_ROWS }, (_, row) => row);
  const fitted = await fitCritics(options, 'final', { matrix: prepared.train, chosen }, SCORES_BY[config.run.score]);
  const width = rowWidth(prepared.schema);
  const session = await executor.compile(scoringGraph(width, fitted.transform, fitted.critics));
  const rows = prepared.test.data;
  const count = rows.length / width;
  const scores = new Float32Array(count);
  const clock = cpuClock();
  for (let from = 0; from < count; from += CHUNK) {
    const data = rows.subarray(from * width, (from + CHUNK) * width);
    const results = await session.run({ [ROWS_INPUT]: { data, shape: [data.length / width, width] } });
    scores.set(results[SCORES_OUTPUT]!.data, from);
  }
  const microsecondsPerRow = (clock() * 1e6) / count;
  await session.close();
  const { anomalous } = prepared;
  const ofKind = (kind: number, values: Float32Array, size: number): Float32Array =>
    values.filter((_, at) => anomalous[Math.floor(at / size)] === kind);
  return {
    ...{ set: name, schema: prepared.schema, microsecondsPerRow },
    columns: fingerprintRows(prepared.schema, prepared.train.data, TRAINING_ROWS).columns,
    ...{ normals: ofKind(0, scores, 1), anomalies: ofKind(1, scores, 1) },
    ...{ normalRows: ofKind(0, rows, width), anomalousRows: ofKind(1, rows, width) },
  };
}
