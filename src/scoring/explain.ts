import { AristarchError } from '../base/errors.ts';
import { EXPLAIN_FILE } from '../models/artefact/layout.ts';
import { EXPLAIN_OUTPUTS } from '../models/explain/explain-graph.ts';
import { decodeRow } from '../models/features/decode.ts';
import type { NamedArrays, Session } from '../runtime/executor.ts';
import type { DetectorDescription, Explanation, FieldContribution, RawRecord } from './detector.ts';
import { evenRows } from './even-rows.ts';
import { describeContribution } from './explain-text.ts';
import type { Turn } from './turns.ts';

/** Values of raw rows that go through explain.onnx at a time: each row is looked at in hundreds of variants. */
const VALUES_PER_CALL = 256;

/** What explain.onnx answers for some rows. */
interface Answer {
  /** [n, rowWidth]. */
  readonly counterparts: Float32Array;
  readonly counterpartScores: Float32Array;
  /** [n, fields]. */
  readonly contributions: Float32Array;
}

export interface ExplainJob {
  /** Raw rows, packed. */
  readonly rows: Float32Array;
  readonly scores: Float32Array;
  readonly pValues: Float64Array;
  /** The records that the rows were made of; they know what an unseen level was called. */
  readonly records: readonly RawRecord[] | undefined;
  /** Most fields named for a row; all that were changed when absent. */
  readonly topK: number | undefined;
  /** Asked before each part; throws to stop. */
  readonly checkAlive: () => void;
  readonly turn: Turn;
}

/** Explains rows, some at a time. Throws `ARTEFACT_INVALID` where explain.onnx does not answer as it should. */
export async function explainRows(
  session: Session,
  description: DetectorDescription,
  job: ExplainJob,
): Promise<Explanation[]> {
  const { rowWidth } = description;
  const rowsPerCall = Math.max(1, Math.floor(VALUES_PER_CALL / rowWidth));
  const explanations: Explanation[] = [];
  for (let from = 0; from * rowWidth < job.rows.length; from += rowsPerCall) {
    // An engine blocks the event loop while it runs; between parts, others get a turn, and a cancellation can arrive.
    await job.turn();
    job.checkAlive();
    const part = job.rows.subarray(from * rowWidth, (from + rowsPerCall) * rowWidth);
    const count = part.length / rowWidth;
    const data = evenRows(part, rowWidth);
    const shape = [data.length / rowWidth, rowWidth];
    const answer = readAnswer(await session.run({ rows: { data, shape } }), data.length / rowWidth, description);
    for (let row = 0; row < count; row++) explanations.push(toExplanation(answer, row, from + row, description, job));
  }
  return explanations;
}

/** A model that was trained before there were explanations, or a folder that lost the file. */
export function notExplainable({ name }: DetectorDescription): AristarchError {
  const message =
    `model "${name}" cannot explain: its folder has no ${EXPLAIN_FILE}, which older versions did not write; ` +
    'train it again to get one';
  return new AristarchError('PRECONDITION_FAILED', message, { name });
}

/** `topK`: a whole number above 0, or undefined for all. Throws `INVALID_INPUT`. */
export function checkTopK(topK: number | undefined): void {
  if (topK === undefined || (Number.isInteger(topK) && topK > 0)) return;
  const message = `an explanation of ${topK} fields is not possible: give a whole number from 1 on`;
  throw new AristarchError('INVALID_INPUT', message, { topK });
}

function readAnswer(results: NamedArrays, count: number, description: DetectorDescription): Answer {
  const read = (output: keyof typeof EXPLAIN_OUTPUTS, width: number): Float32Array => {
    const data = results[EXPLAIN_OUTPUTS[output]]?.data;
    if (data?.length === count * width) return data;
    const fault = data === undefined ? 'does not answer' : `answered ${data.length} values for`;
    throw new AristarchError(
      'ARTEFACT_INVALID',
      `${EXPLAIN_FILE} of model "${description.name}" ${fault} "${EXPLAIN_OUTPUTS[output]}" of ${count} rows: train again`,
      { name: description.name },
    );
  };
  return {
    counterparts: read('counterpart', description.rowWidth),
    counterpartScores: read('counterpartScore', 1),
    contributions: read('contributions', description.schema.fields.length),
  };
}

function toExplanation(
  { counterparts, counterpartScores, contributions }: Answer,
  row: number,
  jobRow: number,
  { schema }: DetectorDescription,
  { rows, scores, pValues, records, topK }: ExplainJob,
): Explanation {
  const values = decodeRow(schema, rows, jobRow);
  const counterpart = decodeRow(schema, counterparts, row);
  const record = records?.[jobRow];
  const changed = schema.fields.flatMap((field, index): FieldContribution[] => {
    const contribution = contributions[row * schema.fields.length + index]!;
    if (contribution === 0) return [];
    const fact = { field, value: values[field.name], normal: counterpart[field.name], given: record?.[field.name] };
    const { sentence, value } = describeContribution(fact);
    return [{ field: field.name, value, normal: fact.normal, contribution, sentence }];
  });
  return {
    score: scores[jobRow]!,
    pValue: pValues[jobRow]!,
    counterpart,
    counterpartScore: counterpartScores[row]!,
    contributions: changed.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, topK),
  };
}
