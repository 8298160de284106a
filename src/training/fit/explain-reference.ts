import { createGraph } from '../../graph/graph.ts';
import { input } from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { expandCompact, layoutOf } from '../../models/features/compact.ts';
import { conditionGroups } from '../../models/features/condition-groups.ts';
import type { FeatureSchema } from '../../models/features/schema.ts';
import type { Transform } from '../../models/features/transform.ts';
import type { ExplainReference, LinearConditional } from '../../models/explain/explain-reference.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import { makeCompactTable } from './compact-table.ts';
import { fitConditional } from './linear-conditional.ts';
import type { RowChoice } from './rows.ts';

/** Rows that tell what is usual; more change little. */
const MOST_ROWS = 4096;
/** Moves of all fields together: they bound the time of an explanation. */
const MOST_MOVES = 1024;
const QUANTILES = { fewest: 3, most: 12 } as const;
const MOST_LEVELS = 24;
/** The linear prediction takes time with the cube of the columns. */
const WIDEST_CONDITIONAL = 600;

/** What explain.onnx must know of the training rows, `rows` being in random order. */
export async function fitExplainReference(
  executor: Executor,
  schema: FeatureSchema,
  transform: Transform,
  rows: RowChoice,
  calibration: Manifest['calibration'],
): Promise<ExplainReference> {
  const chosen = rows.chosen.subarray(0, MOST_ROWS);
  const table = await makeCompactTable(executor, schema, transform, { ...rows, chosen });
  const { continuous, compactWidth, expandedWidth } = layoutOf(transform);
  const quantiles = Math.floor(MOST_MOVES / Math.max(1, continuous)) - 1;
  const count = Math.min(QUANTILES.most, Math.max(QUANTILES.fewest, quantiles));
  return {
    usual: Array.from({ length: compactWidth }, (_, column) => {
      const values = columnOf(table, column);
      return column < continuous ? quantilesOf(values, count) : frequentOf(values);
    }),
    ...normalScores(schema, transform, calibration),
    conditional: expandedWidth <= WIDEST_CONDITIONAL ? await fitPredictions(executor, transform, table) : null,
  };
}

/** Medians of the scores that judge rows: those of each group, and of the rest, or of all. */
function normalScores(
  schema: FeatureSchema,
  transform: Transform,
  { scores, groups }: Manifest['calibration'],
): Pick<ExplainReference, 'normalScore' | 'groups'> {
  const conditions = conditionGroups(schema);
  if (groups === undefined || conditions === null) return { normalScore: middleOf(scores), groups: [] };
  const columns = transform.levels.filter(({ condition, of }) => condition === true && of === 'value');
  return {
    normalScore: middleOf(groups.rest ?? scores),
    groups: groups.members.map((member) => ({
      levelIndices: conditions
        .valuesOf(member.levels)
        .map((value, place) => (Number.isNaN(value) ? columns[place]!.missingIndex : value)),
      normalScore: middleOf(member.scores),
    })),
  };
}

/** The upper median of ascending values. */
const middleOf = (ascending: readonly number[]): number => ascending[Math.floor(ascending.length / 2)]!;

async function fitPredictions(
  executor: Executor,
  transform: Transform,
  table: NumberArray,
): Promise<LinearConditional | null> {
  if (transform.numbers.length < 2) return null;
  const compact = input('compact', [BATCH, layoutOf(transform).compactWidth]);
  const session = await executor.compile(
    createGraph('expand', [compact], { expanded: expandCompact(compact, transform) }),
  );
  try {
    return fitConditional((await session.run({ compact: table }))['expanded']!, transform.numbers.length);
  } finally {
    await session.close();
  }
}

function columnOf({ data, shape }: NumberArray, column: number): Float32Array {
  const [count = 0, width = 0] = shape;
  return Float32Array.from({ length: count }, (_, row) => data[row * width + column]!);
}

/** Values in the middle of `count` equal parts of the rows; all values where there are no more than that. */
function quantilesOf(values: Float32Array, count: number): number[] {
  const sorted = values.sort();
  const distinct = [...new Set(sorted)];
  if (distinct.length <= count) return distinct;
  const at = (part: number): number => sorted[Math.floor(((part + 0.5) / count) * sorted.length)]!;
  return [...new Set(Array.from({ length: count }, (_, part) => at(part)))];
}

/** The most frequent indices first. */
function frequentOf(values: Float32Array): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return byCount.slice(0, MOST_LEVELS).map(([value]) => value);
}
