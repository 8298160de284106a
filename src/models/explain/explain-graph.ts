import { createGraph, type Graph } from '../../graph/graph.ts';
import {
  add,
  concat,
  constant,
  input,
  matMul,
  multiply,
  pad,
  reshape,
  select,
  subtract,
  columns,
} from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { expandCompact, layoutOf, toCompact } from '../features/compact.ts';
import { decodeCompact } from '../features/decode-compact.ts';
import { rowWidth, SLOTS, type FeatureSchema } from '../features/schema.ts';
import type { Transform } from '../features/transform.ts';
import { ROWS_INPUT, scoreCompact, type TrainedCritic } from '../scoring-graph.ts';
import { findCounterpart, type CounterpartOptions, type SearchOptions } from './counterpart.ts';
import type { ExplainReference } from './explain-reference.ts';
import { createMoves } from './moves.ts';
import { normalScoreOf } from './normal-score.ts';
import { scoreVariants, type ScoreRows } from './variants.ts';

/** Names in explain.onnx: raw rows [N, rowWidth] in; per row the score, the counterpart and the fields' shares out. */
export const EXPLAIN_OUTPUTS = {
  /** [N]: the same score as critic.onnx gives. */
  score: 'score',
  /** [N, rowWidth]: the nearest normal row, in the user's own units; slots of unchanged fields are those of the row. */
  counterpart: 'counterpart',
  /** [N]: the score of the counterpart. */
  counterpartScore: 'counterpart_score',
  /** [N, fields]: what each field adds to the difference of the two scores, zero where it was not changed. */
  contributions: 'contributions',
} as const;

export interface ExplainGraphOptions {
  readonly schema: FeatureSchema;
  readonly transform: Transform;
  readonly critics: readonly TrainedCritic[];
  readonly reference: ExplainReference;
  /** Changes the search, for measurements. */
  readonly search?: Partial<SearchOptions>;
}

/** docs/explanations.md has what each of them costs and brings. */
const DEFAULT_SEARCH: SearchOptions = { steps: 4, descents: 2 };

/**
 * What explain.onnx computes. The path from the row to its counterpart changes one field after the other, in the order in
 * which they were found. Along a piece of it only one field moves, so that its integrated gradient (Sundararajan 2017,
 * equation 1) is the difference of the scores at the two ends: contributions sum to the difference exactly.
 */
export function explainGraph(options: ExplainGraphOptions): Graph {
  const { schema, transform, critics } = options;
  const rows = input(ROWS_INPUT, [BATCH, rowWidth(schema)]);
  const score: ScoreRows = (compact) => scoreCompact(compact, transform, critics);
  const row = toCompact(rows, transform);
  const { compact, changes } = findCounterpart(row, counterpartOptions(options, score, row));
  const changed = changes.reduce(add); // [N, fields]
  const counterpart = toRaw(rows, compact, changed, options);
  // What a user would send: rounded, and read again.
  const path = pathScores(row, toCompact(counterpart, transform), changes, {
    score,
    transform,
    fields: schema.fields.length,
  });
  const drops = changes.map((change, step) =>
    multiply(change, subtract(columns(path, step, step + 1), columns(path, step + 1, step + 2))),
  );
  return simplify(
    createGraph('explain', [rows], {
      [EXPLAIN_OUTPUTS.score]: reshape(columns(path, 0, 1), [BATCH]),
      [EXPLAIN_OUTPUTS.counterpart]: counterpart,
      [EXPLAIN_OUTPUTS.counterpartScore]: reshape(columns(path, changes.length, changes.length + 1), [BATCH]),
      [EXPLAIN_OUTPUTS.contributions]: drops.reduce(add),
    }),
  );
}

function counterpartOptions(options: ExplainGraphOptions, score: ScoreRows, row: Tensor): CounterpartOptions {
  const { schema, transform, reference, search } = options;
  const { compactWidth, continuous } = layoutOf(transform);
  const isContinuous = Array.from({ length: compactWidth }, (_, column) => (column < continuous ? 1 : 0));
  const { conditional } = reference;
  return {
    ...{ score, normalScore: normalScoreOf(row, transform, reference), ...DEFAULT_SEARCH, ...search },
    moves: createMoves(transform, reference, schema.fields.length),
    predict: conditional && ((compact) => predictNumbers(compact, transform, conditional)),
    isContinuous: constant(isContinuous, [1, compactWidth]),
    columnsOf: columnsOfFields(transform, schema.fields.length),
  };
}

/** Which compact columns belong to each field, as indicator [fields, compactWidth]. */
function columnsOfFields({ numbers, cycles, levels }: Transform, fields: number): Tensor {
  const units = [...numbers, ...cycles, ...levels].map(({ unit }) => unit);
  const rows = Array.from({ length: fields }, (_, field) => units.map((unit) => (unit === field ? 1 : 0)));
  return constant(rows.flat(), [fields, units.length]);
}

/** Numbers as the other columns predict them, [n, compactWidth], zero elsewhere. */
function predictNumbers(
  compact: Tensor,
  transform: Transform,
  { weights, offsets }: NonNullable<ExplainReference['conditional']>,
): Tensor {
  const { compactWidth, expandedWidth } = layoutOf(transform);
  const numbers = transform.numbers.length;
  const x = expandCompact(compact, transform);
  const predicted = add(matMul(x, constant(weights, [expandedWidth, numbers])), constant(offsets, [1, numbers]));
  return pad(predicted, 1, 0, compactWidth - numbers);
}

/** The compact counterpart as a raw row; what was not changed is the row's own, missing values and all. */
function toRaw(rows: Tensor, compact: Tensor, changed: Tensor, { schema, transform }: ExplainGraphOptions): Tensor {
  const decoded = decodeCompact(compact, transform);
  const slotFields = schema.fields.flatMap(({ kind }, field) => Array<number>(SLOTS[kind]).fill(field));
  const slots = slotFields.map((field, slot) => {
    const own = columns(rows, slot, slot + 1);
    const other = decoded.get(slot);
    return other ? select(columns(changed, field, field + 1), other, own) : own;
  });
  return concat(slots, 1);
}

interface PathOptions {
  readonly score: ScoreRows;
  readonly transform: Transform;
  readonly fields: number;
}

/** Scores at the corners of the path, [N, changes + 1]. */
function pathScores(row: Tensor, end: Tensor, changes: readonly Tensor[], options: PathOptions): Tensor {
  const width = Number(row.shape[1]);
  const columnsOf = columnsOfFields(options.transform, options.fields);
  let x = row;
  const corners = [x];
  for (const change of changes) {
    x = select(matMul(change, columnsOf), end, x);
    corners.push(x);
  }
  return scoreVariants(
    concat(
      corners.map((corner) => reshape(corner, [BATCH, 1, width])),
      1,
    ),
    options.score,
  );
}
