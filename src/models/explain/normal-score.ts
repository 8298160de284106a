import { add, columns, constant, equal, matMul, multiply } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { layoutOf } from '../features/compact.ts';
import type { Transform } from '../features/transform.ts';
import type { ExplainReference } from './explain-reference.ts';

/**
 * The score that a normal counterpart of each row should not exceed: one number where rows are not grouped, else that of the
 * row's group, [n, 1]. A search never changes a condition, so that a counterpart is of its row's group.
 */
export function normalScoreOf(
  compact: Tensor,
  transform: Transform,
  { normalScore, groups }: Pick<ExplainReference, 'normalScore' | 'groups'>,
): Tensor | number {
  if (groups.length === 0) return normalScore;
  const { continuous } = layoutOf(transform);
  const own = transform.levels.flatMap(({ condition, of }, index) =>
    condition === true && of === 'value' ? [continuous + index] : [],
  );
  const matches = own.map((column, place) => {
    const levels = constant(
      groups.map(({ levelIndices }) => levelIndices[place]!),
      [1, groups.length],
    );
    return equal(columns(compact, column, column + 1), levels); // [n, groups]
  });
  const above = constant(
    groups.map((group) => group.normalScore - normalScore),
    [groups.length, 1],
  );
  return add(matMul(matches.reduce(multiply), above), normalScore);
}
