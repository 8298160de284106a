import { AristarchError } from '../base/errors.ts';
import type { Detector, RawRecord, ScoreBatch, ScoreOptions } from '../scoring/detector.ts';
import { createTurns } from '../scoring/turns.ts';

/** Values of raw rows that a call holds at a time: 8 MiB. */
const PART_VALUES = 2 ** 21;

/** Of all calls: an image is decoded in a turn of the event loop of its own. */
const turn = createTurns();

/**
 * Scores records whose raw rows are wide, as images are: a small file becomes megabytes, so that a part of them is decoded and scored before the next
 * one is. Others have their turn between decoded images. `encode` makes raw rows of records.
 */
export async function scoreInParts(
  detector: Detector,
  records: readonly RawRecord[],
  options: ScoreOptions,
  encode: (records: readonly RawRecord[]) => Float32Array,
): Promise<ScoreBatch> {
  const { rowWidth } = detector.description;
  const most = Math.max(1, Math.floor(PART_VALUES / rowWidth));
  const batches: ScoreBatch[] = [];
  for (let first = 0; first < records.length; first += most) {
    const part = records.slice(first, first + most);
    const rows = new Float32Array(part.length * rowWidth);
    for (const [index, record] of part.entries()) {
      if (first + index > 0) await turn();
      options.checkAlive?.();
      rows.set(encodeOne(record, first + index, encode), index * rowWidth);
    }
    batches.push(await detector.score(rows, options));
  }
  return joinBatches(batches);
}

/** The same fault as if the record had been encoded among the others: it names its place. */
function encodeOne(record: RawRecord, place: number, encode: (records: readonly RawRecord[]) => Float32Array) {
  try {
    return encode([record]);
  } catch (thrown) {
    if (!(thrown instanceof AristarchError) || thrown.data['record'] !== 0) throw thrown;
    const { code, message, data } = thrown;
    throw new AristarchError(
      code,
      message.replace(/^record 0:/, `record ${place}:`),
      { ...data, record: place },
      thrown,
    );
  }
}

/** Of one model, which judges each row alike; where there are images, there are no groups. */
function joinBatches(batches: readonly ScoreBatch[]): ScoreBatch {
  const [first] = batches;
  if (first === undefined) throw new AristarchError('INTERNAL', 'no records, where some are needed');
  if (batches.length === 1) return first;
  return {
    scores: Float32Array.from(batches.flatMap(({ scores }) => [...scores])),
    pValues: Float64Array.from(batches.flatMap(({ pValues }) => [...pValues])),
    verdicts: Uint8Array.from(batches.flatMap(({ verdicts }) => [...verdicts])),
    threshold: first.threshold,
    falsePositiveRate: first.falsePositiveRate,
  };
}
