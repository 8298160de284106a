import { giveBack } from '../../base/give-back.ts';
import type { FeatureSchema } from '../../models/features/schema.ts';
import { rowWidth } from '../../models/features/schema.ts';
import { layoutOf } from '../../models/features/compact.ts';
import type { Transform } from '../../models/features/transform.ts';
import { compactGraph } from '../../models/scoring-graph.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';
import { packRows, type RowChoice } from './rows.ts';

/** Numbers in one call of the graph: what it works on at a time is small beside the table. */
const NUMBERS_PER_CALL = 2 ** 20;

/** Chosen raw rows -> compact rows [n, compactWidth], by the graph that scoring uses, so that both see the same numbers. */
export async function makeCompactTable(
  executor: Executor,
  schema: FeatureSchema,
  transform: Transform,
  rows: RowChoice,
): Promise<NumberArray> {
  const count = rows.chosen.length;
  const { compactWidth } = layoutOf(transform);
  const data = new Float32Array(count * compactWidth);
  const rowsPerCall = Math.max(1, Math.floor(NUMBERS_PER_CALL / rowWidth(schema)));
  const session = await executor.compile(compactGraph(rowWidth(schema), transform));
  try {
    for (let from = 0; from < count; from += rowsPerCall) {
      const part = packRows(rows, from, Math.min(count, from + rowsPerCall));
      const results = await session.run({ rows: part });
      data.set(results['compact']!.data, from * compactWidth);
      giveBack([part, ...Object.values(results)]);
    }
  } finally {
    await session.close();
  }
  return { data, shape: [count, compactWidth] };
}
