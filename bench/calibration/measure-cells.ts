import { z } from 'zod';
import { createRandom } from '../../src/base/philox.ts';
import { rowWidth } from '../../src/models/features/schema.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { createCalibration } from '../../src/scoring/calibration.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { fitModel } from '../../src/training/fit/fit-model.ts';
import { planner } from '../../src/training/fit/planner.ts';
import { splitRows } from '../../src/training/fit/split.ts';
import { splitOptions } from '../../src/training/train.ts';
import { fitOptions, prepareSet } from '../support/detector.ts';
import type { LabelledRows } from '../support/open-sets.ts';
import { PROTOCOLS } from '../support/protocols.ts';
import { falseAlarmBand } from '../../src/scoring/false-alarm-band.ts';

export const RATES = [0.01, 0.05, 0.1] as const;
const LEVEL = 0.95;

export const runSchema = z.object({
  set: z.string(),
  seed: z.number(),
  method: z.enum(['split', 'cross']),
  calibrationRows: z.number(),
  /** Normal rows that were neither trained on nor calibrated with. */
  freshRows: z.number(),
  /** Share of the calibration scores that are equal to another one. */
  tied: z.number(),
  /** Fresh rows flagged at each of the rates; null where the rate is refused. */
  alarms: z.array(z.number().nullable()),
});
/** One set and seed: calibrated, and shown fresh normal rows. */
export type CalibrationRun = z.infer<typeof runSchema>;

/** Trains and calibrates as `train` does (without the generator, which changes no score), and counts false alarms. */
export async function measureRun(
  { executor, config }: { readonly executor: Executor; readonly config: TrainConfig },
  set: string,
  labelled: LabelledRows,
  seed: number,
): Promise<CalibrationRun> {
  const { schema, train, test, anomalous } = prepareSet(labelled, PROTOCOLS.split(labelled.anomalous, seed));
  const split = splitRows(train.shape[0] ?? 0, createRandom(seed), splitOptions(config));
  const options = fitOptions(executor, config, schema, seed);
  const planFold = planner(config, config.run.foldSteps);
  const model = await fitModel({ ...options, split, planFold, score: config.run.score }, train);
  const session = await executor.compile(scoringGraph(rowWidth(schema), model.transform, model.scoring));
  const scores = (await session.run({ [ROWS_INPUT]: test }))[SCORES_OUTPUT]!.data;
  await session.close();
  const fresh = scores.filter((_, row) => anomalous[row] === 0);
  const held = model.calibration.scores.map(({ score }) => score);
  const calibration = createCalibration(held);
  const alarms = RATES.map((rate) => {
    if (rate < calibration.smallestRate) return null;
    const threshold = calibration.thresholdAt(rate);
    return fresh.filter((score) => score > threshold).length;
  });
  const counts = { calibrationRows: held.length, freshRows: fresh.length, tied: shareTied(held) };
  return { set, seed, method: split.method, ...counts, alarms };
}

function shareTied(ascending: readonly number[]): number {
  const tied = ascending.filter((score, i) => score === ascending[i - 1] || score === ascending[i + 1]);
  return tied.length / ascending.length;
}

/** A run at one rate, beside what was promised. */
export interface Cell {
  readonly run: CalibrationRun;
  readonly rate: number;
  /** Null: the rate is refused. */
  readonly outcome: {
    readonly realised: number;
    readonly low: number;
    readonly high: number;
    readonly inside: boolean;
  } | null;
}

export function toCells(run: CalibrationRun): Cell[] {
  const { calibrationRows, freshRows } = run;
  return RATES.map((rate, index) => {
    const alarms = run.alarms[index] ?? null;
    const band = falseAlarmBand({ calibrationRows, freshRows, rate }, LEVEL);
    if (alarms === null || band === null) return { run, rate, outcome: null };
    const inside = alarms >= band.low && alarms <= band.high;
    const share = (count: number): number => count / freshRows;
    return { run, rate, outcome: { realised: share(alarms), low: share(band.low), high: share(band.high), inside } };
  });
}
