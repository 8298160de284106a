import { columns, concat, constant, greater, select } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { StepBuilder } from '../step-builder.ts';
import { layoutOf } from './compact.ts';
import type { Transform } from './transform.ts';

/** Which columns of an expanded row belong to conditions. */
export function expandedConditions({ numbers, cycles, levels }: Transform): boolean[] {
  return [
    ...[...numbers, ...cycles, ...cycles].map(({ condition }) => condition === true),
    ...levels.flatMap(({ count, condition }) => Array<boolean>(count).fill(condition === true)),
  ];
}

/** The columns that are no conditions; alone they are what a generator makes. */
export function withoutConditions(transform: Transform): Transform {
  return filterColumns(transform, ({ condition }) => condition !== true);
}

/** The columns of conditions, as a transform of rows that have only their slots, `slots` being those of a whole row. */
export function onlyConditions(transform: Transform, slots: readonly number[]): Transform {
  const own = filterColumns(transform, ({ condition }) => condition === true);
  const move = <C extends { readonly slot: number }>(column: C): C => ({ ...column, slot: slots.indexOf(column.slot) });
  return { ...own, numbers: own.numbers.map(move), cycles: own.cycles.map(move), levels: own.levels.map(move) };
}

function filterColumns(transform: Transform, keep: (column: { readonly condition?: true | undefined }) => boolean) {
  const { numbers, cycles, levels, clip } = transform;
  return { numbers: numbers.filter(keep), cycles: cycles.filter(keep), levels: levels.filter(keep), fixed: [], clip };
}

/** The condition columns of expanded rows, [n, conditionWidth]; null where there are none. */
export function takeConditions(x: Tensor, transform: Transform): Tensor | null {
  const parts = runsOf(expandedConditions(transform)).flatMap(({ start, end, condition }) =>
    condition ? [columns(x, start, end)] : [],
  );
  return parts.length === 0 ? null : concat(parts, 1);
}

/** Expanded rows from their other columns [n, freeWidth] and their condition columns [n, conditionWidth]. */
export function joinConditions(free: Tensor, conditions: Tensor, transform: Transform): Tensor {
  const used = { free: 0, condition: 0 };
  const parts = runsOf(expandedConditions(transform)).map(({ start, end, condition }) => {
    const from = condition ? 'condition' : 'free';
    const at = used[from];
    used[from] += end - start;
    return columns(condition ? conditions : free, at, used[from]);
  });
  return concat(parts, 1);
}

/** Share of the rows of a batch whose condition is made unknown: Ho and Salimans 2022, section 3.2, has 0.1 and 0.2. */
const FORGOTTEN_SHARE = 0.1;

/**
 * Compact rows [batch, compactWidth], in some of which a condition's level is the unseen one: so a critic learns what is normal
 * whatever the condition, and has an answer for a machine type that training never saw. Each condition is forgotten
 * independently, in a tenth of the rows. Numbers and times stay.
 */
export function forgetConditions(step: StepBuilder, name: string, x: Tensor, transform: Transform): Tensor {
  const { continuous, compactWidth } = layoutOf(transform);
  const forgettable = transform.levels.map(({ condition, of }) => condition === true && of === 'value');
  if (!forgettable.includes(true)) return x;
  const [batch = 0] = x.shape;
  const share = forgettable.map((each) => (each ? FORGOTTEN_SHARE : 0));
  const chances = constant([...Array<number>(continuous).fill(0), ...share], [1, compactWidth]);
  const unseen = transform.levels.map(({ largestIndex }) => largestIndex);
  const replacement = constant([...Array<number>(continuous).fill(0), ...unseen], [1, compactWidth]);
  return select(greater(chances, step.uniform(`forgotten.${name}`, [Number(batch), compactWidth])), replacement, x);
}

/** 1 for the expanded columns that are no conditions, then `others` times 1, as a row; null where there are no conditions. */
export function freeColumns(transform: Transform, others = 0): Tensor | null {
  const conditions = expandedConditions(transform);
  if (!conditions.includes(true)) return null;
  const free = [...conditions.map((each) => (each ? 0 : 1)), ...Array<number>(others).fill(1)];
  return constant(free, [1, free.length]);
}

/** The compact rows `moved`, with the condition columns of the rows that they were made from. */
export function keepConditions(moved: Tensor, from: Tensor, conditions: readonly boolean[]): Tensor {
  if (!conditions.includes(true)) return moved;
  const kept = constant(
    conditions.map((each) => (each ? 1 : 0)),
    [1, conditions.length],
  );
  return select(kept, from, moved);
}

interface Run {
  readonly start: number;
  end: number;
  readonly condition: boolean;
}

/** Neighbours that are alike go together. */
function runsOf(conditions: readonly boolean[]): Run[] {
  const runs: Run[] = [];
  conditions.forEach((condition, at) => {
    const run = runs.at(-1);
    if (run?.condition === condition) run.end = at + 1;
    else runs.push({ start: at, end: at + 1, condition });
  });
  return runs;
}
