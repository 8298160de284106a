import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { RawRecord, ScoreBatch } from '../../scoring/detector.ts';
import type { CandidateMetrics } from '../metrics/candidates.ts';
import type { OpenModel } from '../models/port.ts';

/** Rows that have been answered, as they were asked for. */
export interface Answered {
  /** The records, or raw rows, packed, in the order of the answering model's slots. */
  readonly rows: readonly RawRecord[] | Float32Array;
  /** The key of each row, where it bears one. */
  readonly keyAt: (row: number) => string | undefined;
  readonly batch: ScoreBatch;
  readonly by: 'serving' | 'candidate';
}

export interface Pair {
  /** Under which name it is counted: the one that serves. */
  readonly model: string;
  readonly serving: OpenModel;
  readonly candidate: OpenModel;
}

/** A row that both have scored. */
export interface ComparedRow {
  readonly key: string | undefined;
  readonly by: Answered['by'];
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
}

/**
 * Has the other of the two score rows that one has answered, and counts what both made of them. A failure of the other is
 * counted, and nobody's but its own. `rows`: places of the rows, ascending.
 */
export async function compareRows(
  pair: Pair,
  answered: Answered,
  rows: readonly number[],
  { metrics, record }: CompareParts,
): Promise<void> {
  const { model, serving, candidate } = pair;
  const [answering, other] = answered.by === 'serving' ? [serving, candidate] : [candidate, serving];
  try {
    const packed = rowsFor(other, answering, answered.rows, rows);
    const { falsePositiveRate } = answered.batch;
    const silent = await other.detector.score(packed, { falsePositiveRate, priority: 'low' });
    const answer = pick(answered.batch, rows);
    const [ofServing, ofCandidate] = answered.by === 'serving' ? [answer, silent] : [silent, answer];
    count(metrics, model, ofServing, ofCandidate);
    record(
      pair,
      rows.map((row, place) => ({
        ...{ key: answered.keyAt(row), by: answered.by },
        ...{ serving: scoreAt(ofServing, place), candidate: scoreAt(ofCandidate, place) },
      })),
    );
  } catch (thrown) {
    metrics.failures.inc({ model, code: toAristarchError(thrown).code });
  }
}

/** Rows as a model takes them. Throws `SCHEMA_MISMATCH` for packed rows that mean something else to it. */
function rowsFor(
  model: OpenModel,
  answering: OpenModel,
  rows: Answered['rows'],
  places: readonly number[],
): Float32Array {
  if (!(rows instanceof Float32Array)) return model.detector.encode(places.map((place) => rows[place]!));
  checkSameLayout(answering, model);
  const { rowWidth } = model.description;
  const packed = new Float32Array(places.length * rowWidth);
  for (const [at, place] of places.entries())
    packed.set(rows.subarray(place * rowWidth, (place + 1) * rowWidth), at * rowWidth);
  return packed;
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

type Scores = Pick<ScoreBatch, 'scores' | 'pValues' | 'verdicts'>;

function pick({ scores, pValues, verdicts }: Scores, rows: readonly number[]): Scores {
  return {
    scores: Float32Array.from(rows, (row) => scores[row]!),
    pValues: Float64Array.from(rows, (row) => pValues[row]!),
    verdicts: Uint8Array.from(rows, (row) => verdicts[row]!),
  };
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
