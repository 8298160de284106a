import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { CandidateMetrics } from '../metrics/candidates.ts';
import type { OpenModel } from '../models/port.ts';
import { inTime } from './in-time.ts';
import type { Silence } from './silence.ts';

/** An answer: its rows as they were asked for, and what was said of them. */
export interface Answer {
  /** The records, or raw rows, packed, in the order of the answering model's slots. */
  readonly rows: readonly RawRecord[] | Float32Array;
  /** The key of each row, where it bears one. */
  readonly keyAt: (row: number) => string | undefined;
  readonly batch: ScoreBatch;
  readonly by: 'serving' | 'candidate';
}

/** Rows of an answer that are to be scored by the other one as well. */
export interface Answered extends Pick<Answer, 'rows' | 'by'> {
  readonly keys: readonly (string | undefined)[];
  readonly scores: Scores;
  readonly falsePositiveRate: number;
}
type Scores = Pick<ScoreBatch, 'scores' | 'pValues' | 'verdicts'>;

export interface Pair {
  /** Under which name it is counted: the one that serves. */
  readonly model: string;
  readonly serving: OpenModel;
  readonly candidate: OpenModel;
}

/** A row that both have scored. */
export interface ComparedRow {
  readonly key: string | undefined;
  readonly by: Answer['by'];
  readonly serving: RowScore;
  readonly candidate: RowScore;
}
interface RowScore {
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
}

export interface CompareParts {
  readonly metrics: CandidateMetrics;
  readonly record: (pair: Pair, rows: readonly ComparedRow[]) => void;
  /** Most time that the other one has for a turn. */
  readonly timeoutMs: number;
  /** Hears whether it answers. */
  readonly silence: Silence;
}

/** What an answer says of some of its rows: nothing else of it is held while they wait to be compared. `places`: ascending. */
export function pickAnswered(
  { rows, keyAt, batch, by }: Answer,
  { serving, candidate }: Pair,
  places: readonly number[],
): Answered {
  const { rowWidth } = (by === 'serving' ? serving : candidate).description;
  return {
    rows: rows instanceof Float32Array ? pickPacked(rows, rowWidth, places) : places.map((place) => rows[place]!),
    keys: places.map(keyAt),
    scores: {
      scores: Float32Array.from(places, (place) => batch.scores[place]!),
      pValues: Float64Array.from(places, (place) => batch.pValues[place]!),
      verdicts: Uint8Array.from(places, (place) => batch.verdicts[place]!),
    },
    ...{ falsePositiveRate: batch.falsePositiveRate, by },
  };
}

function pickPacked(rows: Float32Array, rowWidth: number, places: readonly number[]): Float32Array {
  const packed = new Float32Array(places.length * rowWidth);
  for (const [at, place] of places.entries())
    packed.set(rows.subarray(place * rowWidth, (place + 1) * rowWidth), at * rowWidth);
  return packed;
}

/** Who scores rows that the other one has answered. */
export function otherOf({ serving, candidate }: Pair, by: Answered['by']): OpenModel {
  return by === 'serving' ? candidate : serving;
}

/**
 * Has the other of the two score rows `from` to `to` of those that one has answered, at the same rate, and counts what both made of
 * them. A failure of the other is counted, and nobody's but its own.
 */
export async function compareRows(
  pair: Pair,
  answered: Answered,
  [from, to]: readonly [number, number],
  { metrics, record, timeoutMs, silence }: CompareParts,
): Promise<void> {
  const { model } = pair;
  const { by, keys, falsePositiveRate } = answered;
  try {
    const packed = rowsFor(pair, answered, from, to);
    const other = otherOf(pair, by);
    const unseen = await inTime(timeoutMs, (checkAlive) => {
      const options = { falsePositiveRate, priority: 'low', checkAlive, isTrial: true } as const;
      return silence.hear(other, () => other.detector.score(packed, options));
    });
    const answer = sliceScores(answered.scores, from, to);
    const [ofServing, ofCandidate] = by === 'serving' ? [answer, unseen] : [unseen, answer];
    count(metrics, model, ofServing, ofCandidate);
    record(
      pair,
      keys.slice(from, to).map((key, row) => ({
        ...{ key, by },
        ...{ serving: scoreAt(ofServing, row), candidate: scoreAt(ofCandidate, row) },
      })),
    );
  } catch (thrown) {
    metrics.failures.inc({ model, code: toAristarchError(thrown).code });
  }
}

/** Rows as the other one takes them. Throws `SCHEMA_MISMATCH` for packed rows that mean something else to it. */
function rowsFor(pair: Pair, { rows, by }: Answered, from: number, to: number): Float32Array {
  const other = otherOf(pair, by);
  if (!(rows instanceof Float32Array)) return other.detector.encode(rows.slice(from, to));
  checkSameLayout(pair.serving, pair.candidate);
  const { rowWidth } = other.description;
  return rows.slice(from * rowWidth, to * rowWidth);
}

/** Packed rows name nothing: they can go to another model only where each place means the same to it, levels included. */
export function checkSameLayout(one: OpenModel, other: OpenModel): void {
  if (layoutOf(one) === layoutOf(other)) return;
  const [a, b] = [one, other].map(({ description: { name, version } }) => `"${name}" ${version}`);
  const message = `packed rows of ${a} are no rows of ${b}, which has other fields or levels: send records with named fields`;
  throw new AristarchError('SCHEMA_MISMATCH', message);
}

const layouts = new WeakMap<OpenModel, string>();

function layoutOf(model: OpenModel): string {
  const known = layouts.get(model);
  if (known !== undefined) return known;
  const { slotNames, schema } = model.description;
  const fields = schema.fields.map((field) => [field.kind, field.name, field.kind === 'category' ? field.levels : []]);
  const layout = JSON.stringify([slotNames, fields]);
  layouts.set(model, layout);
  return layout;
}

function sliceScores({ scores, pValues, verdicts }: Scores, from: number, to: number): Scores {
  return { scores: scores.slice(from, to), pValues: pValues.slice(from, to), verdicts: verdicts.slice(from, to) };
}

function scoreAt({ scores, pValues, verdicts }: Scores, row: number): RowScore {
  return { score: scores[row]!, pValue: pValues[row]!, anomalous: verdicts[row] === 1 };
}

const VERDICTS = ['normal', 'flagged'] as const;

function count(metrics: CandidateMetrics, model: string, serving: Scores, candidate: Scores): void {
  metrics.servingScores.observeAll(serving.scores, model);
  metrics.scores.observeAll(candidate.scores, model);
  metrics.servingPValues.observeAll(serving.pValues, model);
  metrics.pValues.observeAll(candidate.pValues, model);
  for (const [row, verdict] of serving.verdicts.entries()) {
    const [one, other] = [VERDICTS[verdict as 0 | 1], VERDICTS[candidate.verdicts[row] as 0 | 1]];
    metrics.compared.inc({ model, serving: one, candidate: other });
  }
}
