import type { ScoreBatch } from '../scoring/detector.ts';
import { watchedScores } from '../scoring/group-calibration.ts';
import type { OpenModel } from './models/port.ts';
import type { ScoreJob } from './scoring-service.ts';

/** Tells drift of rows that it has not heard of: the same again and again would look like a change. */
export function observeDrift(
  { drift, detector }: OpenModel,
  { newRows }: Pick<ScoreJob, 'newRows'>,
  rows: Float32Array,
  batch: ScoreBatch,
): void {
  const scores = watchedScores(batch);
  if (newRows === undefined) return drift?.observe(rows, scores);
  drift?.observe(pickRows(rows, newRows, detector.description.rowWidth), pickRows(scores, newRows, 1));
}

function pickRows(packed: Float32Array, places: readonly number[], width: number): Float32Array {
  const picked = new Float32Array(places.length * width);
  for (const [to, place] of places.entries())
    picked.set(packed.subarray(place * width, (place + 1) * width), to * width);
  return picked;
}
