import type { ScoreBatch } from '../scoring/detector.ts';
import { watchedScores } from '../scoring/group-calibration.ts';
import type { OpenModel } from './models/port.ts';
import type { ScoreJob } from './scoring-service.ts';

/** Tells drift of rows that it has not heard of: the same again and again would look like a change. */
export function observeDrift(
  { drift, detector }: OpenModel,
  { repeated = 0 }: Pick<ScoreJob, 'repeated'>,
  rows: Float32Array,
  batch: ScoreBatch,
): void {
  if (repeated === 0) return drift?.observe(rows, watchedScores(batch));
  drift?.observe(rows.subarray(repeated * detector.description.rowWidth), watchedScores(batch).subarray(repeated));
}
