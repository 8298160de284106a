import { AristarchError } from '../../base/errors.ts';
import { rowWidth } from '../../models/features/schema.ts';
import type { CriticPlan } from '../../models/critics/critic-plan.ts';
import type { ScoreChoice } from '../../models/families/family.ts';
import type { Transform } from '../../models/features/transform.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../models/scoring-graph.ts';
import type { NumberArray } from '../../runtime/executor.ts';
import { fitCritics, type FitOptions, type FittedCritic, type FittedCritics } from './fit-critics.ts';
import { packRows } from './rows.ts';
import type { Split } from './split.ts';

export interface FitModelOptions extends FitOptions {
  readonly split: Split;
  /** The family's plan for the folds of a cross-conformal calibration. */
  readonly planFold: FitOptions['plan'];
  readonly score: ScoreChoice;
}

export interface HeldOutScore {
  /** Row of the training data. */
  readonly row: number;
  readonly score: number;
}

export interface FittedModel {
  readonly transform: Transform;
  readonly scale: number;
  /** All critics of the final round, trained for scoring or not. */
  readonly critics: readonly FittedCritic[];
  /** Those that critic.onnx scores by. */
  readonly scoring: readonly FittedCritic[];
  readonly calibration: {
    readonly method: 'split' | 'cross';
    /** By score, ascending. */
    readonly scores: readonly HeldOutScore[];
  };
}

/** Whether a critic is one of those that critic.onnx scores by. */
export const SCORES_BY: { readonly [C in ScoreChoice]: (plan: CriticPlan) => boolean } = {
  members: ({ role }) => role === 'member',
  own: ({ role }) => role === 'own',
  both: () => true,
};

/**
 * Trains the final critics and scores every held-out row, with the final critics or with those of its fold. Throws
 * `TRAINING_DIVERGED`, `INVALID_INPUT`, and whatever the journal throws to end the run.
 */
export async function fitModel(options: FitModelOptions, rows: NumberArray): Promise<FittedModel> {
  const scores = SCORES_BY[options.score];
  const { split } = options;
  const heldOut: HeldOutScore[] = [];
  const collect = async (fitted: FittedCritics, chosen: Uint32Array): Promise<void> => {
    const values = await scoreRows(options, fitted, scores, packRows({ matrix: rows, chosen }));
    if (!values.every(Number.isFinite)) throw scoresNotFinite();
    chosen.forEach((row, index) => heldOut.push({ row, score: values[index]! }));
  };
  for (const round of split.rounds) {
    if (!round.train) continue;
    const training = { matrix: rows, chosen: round.train };
    const fold = { ...options, plan: options.planFold };
    await collect(await fitCritics(fold, round.name, training, scores), round.heldOut);
  }
  const final = await fitCritics(options, 'final', { matrix: rows, chosen: split.final }, () => true);
  for (const round of split.rounds) if (!round.train) await collect(final, round.heldOut);
  return {
    ...final,
    scoring: final.critics.filter(({ plan }) => scores(plan)),
    calibration: { method: split.method, scores: heldOut.sort((a, b) => a.score - b.score || a.row - b.row) },
  };
}

function scoresNotFinite(): AristarchError {
  const message = 'the trained critics score some held-out rows as NaN or infinite: lower --learning-rate';
  return new AristarchError('TRAINING_DIVERGED', message);
}

export async function scoreRows(
  { executor, schema }: Pick<FitOptions, 'executor' | 'schema'>,
  { transform, critics }: FittedCritics,
  scores: (plan: CriticPlan) => boolean,
  rows: NumberArray,
): Promise<Float32Array> {
  const scoring = critics.filter(({ plan }) => scores(plan));
  const session = await executor.compile(scoringGraph(rowWidth(schema), transform, scoring));
  const results = await session.run({ [ROWS_INPUT]: rows });
  await session.close();
  return results[SCORES_OUTPUT]!.data;
}
