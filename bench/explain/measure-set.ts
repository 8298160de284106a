import { createRandom } from '../../src/base/philox.ts';
import { explainGraph, EXPLAIN_OUTPUTS } from '../../src/models/explain/explain-graph.ts';
import type { SearchOptions } from '../../src/models/explain/counterpart.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import { rowWidth } from '../../src/models/features/schema.ts';
import type { Executor, NumberArray, Session } from '../../src/runtime/executor.ts';
import { createCalibration } from '../../src/scoring/calibration.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { fitExplainReference } from '../../src/training/fit/explain-reference.ts';
import { fitModel } from '../../src/training/fit/fit-model.ts';
import { packRows } from '../../src/training/fit/rows.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { fitOptions, prepareSet, type PreparedSet } from '../support/detector.ts';
import { readOpenSet, type OpenSet } from '../support/open-sets.ts';
import { PROTOCOLS } from '../support/protocols.ts';
import { columnScales } from './columns.ts';
import { corruptFar, corruptRelation, predictableColumns, type Corrupted } from './corrupt.ts';
import { deviationPeer, neighbourPeer, type Peer } from './peers.ts';
import { countRanks, emptyTally, type Tally } from './tally.ts';

const MOST_ROWS = 200;
const RATE = 0.05;
const PREDICTED_SHARE = 0.75;
const ROWS_PER_CALL = 8;

export interface SetMeasurement {
  readonly set: string;
  readonly seed: number;
  readonly columns: number;
  readonly predictable: number;
  readonly far: Tally;
  readonly relation: Tally;
  readonly explainedRowsPerSecond: number;
  readonly scoredRowsPerSecond: number;
}

export interface MeasureOptions {
  readonly executor: Executor;
  readonly config: TrainConfig;
  readonly search: Partial<SearchOptions>;
  /** Corrupt also normal rows that are flagged as they are, and that may have other reasons to be. */
  readonly anyNormal: boolean;
}

/** Trains on a set and explains corrupted normal rows of its test half. */
export async function measureSet(set: OpenSet, seed: number, options: MeasureOptions): Promise<SetMeasurement> {
  const labelled = await readOpenSet(set);
  const prepared = prepareSet(labelled, PROTOCOLS.split(labelled.anomalous, seed));
  const { critic, explainer, threshold } = await trainBoth(prepared, seed, options);
  try {
    const normal = await someNormals(critic, prepared, options.anyNormal ? Infinity : threshold);
    const { train } = prepared;
    const scales = columnScales(train);
    const peers = { deviation: deviationPeer(scales), neighbours: neighbourPeer(train, scales) };
    const predictable = predictableColumns(train, normal, scales, PREDICTED_SHARE);
    const judge = (corrupted: Corrupted): Promise<Tally> => judgeRows(critic, explainer, corrupted, threshold, peers);
    return {
      ...{ set: set.name, seed, columns: train.shape[1] ?? 0, predictable: predictable.length },
      far: await judge(corruptFar(normal, scales, seed)),
      relation: await judge(corruptRelation(normal, predictable, seed)),
      explainedRowsPerSecond: await rowsPerSecond(explainer, normal, ROWS_PER_CALL),
      scoredRowsPerSecond: await rowsPerSecond(critic, repeated(prepared.test, 4096), 4096),
    };
  } finally {
    await critic.close();
    await explainer.close();
  }
}

interface Trained {
  readonly critic: Session;
  readonly explainer: Session;
  readonly threshold: number;
}

async function trainBoth({ schema, train }: PreparedSet, seed: number, options: MeasureOptions): Promise<Trained> {
  const { executor, config, search } = options;
  const count = train.shape[0] ?? 0;
  const shares = { crossBelow: 0, folds: 5, heldOutShare: config.run.calibrationShare, mostHeldOut: 10_000 };
  const split = splitRows(count, createRandom(seed), shares);
  const fit = fitOptions(executor, config, schema, seed);
  const {
    transform,
    scoring: critics,
    calibration,
  } = await fitModel({ ...fit, planFold: fit.plan, split, score: config.run.score }, train);
  const scores = calibration.scores.map(({ score }) => score);
  const rows = { matrix: train, chosen: split.final };
  const reference = await fitExplainReference(executor, schema, transform, rows, {
    ...{ method: split.method, falsePositiveRate: RATE, scores },
  });
  const { thresholdAt, smallestRate } = createCalibration(scores);
  return {
    critic: await executor.compile(scoringGraph(rowWidth(schema), transform, critics)),
    explainer: await executor.compile(explainGraph({ schema, transform, critics, reference, search })),
    threshold: thresholdAt(Math.max(RATE, smallestRate)),
  };
}

async function scoresOf(critic: Session, rows: NumberArray): Promise<Float32Array> {
  return (await critic.run({ [ROWS_INPUT]: rows }))[SCORES_OUTPUT]!.data;
}

async function someNormals(critic: Session, { test, anomalous }: PreparedSet, threshold: number): Promise<NumberArray> {
  const scores = await scoresOf(critic, test);
  const fit = Uint32Array.from(scores.keys()).filter((row) => anomalous[row] === 0 && scores[row]! <= threshold);
  return packRows({ matrix: test, chosen: fit.subarray(0, MOST_ROWS) });
}

async function judgeRows(
  critic: Session,
  explainer: Session,
  { rows, columns }: Corrupted,
  threshold: number,
  peers: Readonly<Record<'deviation' | 'neighbours', Peer>>,
): Promise<Tally> {
  if (columns.length === 0) return emptyTally();
  const scores = await scoresOf(critic, rows);
  const chosen = Uint32Array.from(scores.keys()).filter((row) => scores[row]! > threshold);
  if (chosen.length === 0) return { ...emptyTally(), rows: columns.length };
  const flagged = packRows({ matrix: rows, chosen });
  const answers = await explainAll(explainer, flagged);
  const truth = Array.from(chosen, (row) => columns[row]!);
  const ranked = {
    contributions: answers.contributions.map(Math.abs),
    deviation: peers.deviation(flagged),
    neighbours: peers.neighbours(flagged),
  };
  return { ...countRanks(truth, ranked, answers, threshold), rows: columns.length };
}

export interface Answers {
  readonly score: Float32Array;
  readonly counterpartScore: Float32Array;
  readonly contributions: Float32Array;
}

async function explainAll(explainer: Session, { data, shape }: NumberArray): Promise<Answers> {
  const [count = 0, width = 0] = shape;
  const parts: Record<keyof Answers, number[]> = { score: [], counterpartScore: [], contributions: [] };
  for (let from = 0; from < count; from += ROWS_PER_CALL) {
    const part = data.slice(from * width, (from + ROWS_PER_CALL) * width);
    const results = await explainer.run({ [ROWS_INPUT]: { data: part, shape: [part.length / width, width] } });
    for (const name of ['score', 'counterpartScore', 'contributions'] as const) {
      parts[name].push(...results[EXPLAIN_OUTPUTS[name]]!.data);
    }
  }
  return {
    score: Float32Array.from(parts.score),
    counterpartScore: Float32Array.from(parts.counterpartScore),
    contributions: Float32Array.from(parts.contributions),
  };
}

function repeated({ data, shape }: NumberArray, count: number): NumberArray {
  const width = shape[1] ?? 0;
  return {
    data: Float32Array.from({ length: count * width }, (_, at) => data[at % data.length]!),
    shape: [count, width],
  };
}

/** The best of three passes. */
async function rowsPerSecond(session: Session, { data, shape }: NumberArray, rowsPerCall: number): Promise<number> {
  const width = shape[1] ?? 0;
  const count = Math.min(rowsPerCall, shape[0] ?? 0);
  const rows = { data: data.slice(0, count * width), shape: [count, width] };
  let best = Infinity;
  for (let pass = 0; pass < 3; pass++) {
    const started = performance.now();
    await session.run({ [ROWS_INPUT]: rows });
    best = Math.min(best, performance.now() - started);
  }
  return (1000 * count) / best;
}
