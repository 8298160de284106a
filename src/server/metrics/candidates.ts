import type { Instruments } from './instruments.ts';
import { P_VALUES } from './requests.ts';

/** Scores have no scale of their own: finer around nought, where most models have normal rows, and coarse beyond. */
const SCORES = [-100, -30, -10, -3, -1, -0.3, 0, 0.3, 1, 3, 10, 30, 100];

/**
 * What is known of candidates (docs/models.md), by the name of the model that they stand beside, which is the name of a folder that
 * the operator made. Only models with a candidate have series.
 */
export function candidateMetrics({ busyCounter, histogram }: Instruments) {
  const spread = (name: string, help: string, buckets: readonly number[]) =>
    histogram(`candidate_${name}`, `${help}, of rows scored by both.`, buckets, 'model');
  const compared =
    'Rows scored by both the version that serves and its candidate, by the verdict of each: flagged or normal.';
  const shed = 'Rows that were not scored by both, as there was no time.';
  const failures = "Pieces of a candidate's work, or of work beside it, that failed, by error code; no caller is told.";
  const dropped = 'Rows scored by both that --candidate-log has not: the disk was full, slow, or failed.';
  const logDropped = busyCounter('candidate_log_rows_dropped_total', dropped, ['model']);
  return {
    answered: busyCounter('candidate_rows_answered_total', 'Rows that a candidate answered.', ['model']),
    compared: busyCounter('candidate_rows_compared_total', compared, ['model', 'serving', 'candidate']),
    shed: busyCounter('candidate_rows_shed_total', shed, ['model']),
    failures: busyCounter('candidate_failures_total', failures, ['model', 'code']),
    /** Rows of the model that stands for both. */
    logDropped: (model: string, rows: number): void => logDropped.inc({ model }, rows),
    scores: spread('score', 'Scores by the candidate', SCORES),
    servingScores: spread('serving_score', 'Scores by the version that serves', SCORES),
    pValues: spread('p_value', 'P-values by the candidate', P_VALUES),
    servingPValues: spread('serving_p_value', 'P-values by the version that serves', P_VALUES),
  };
}

export type CandidateMetrics = ReturnType<typeof candidateMetrics>;
