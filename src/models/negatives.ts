import {
  add,
  columns,
  concat,
  constant,
  divide,
  exp,
  floor,
  greater,
  multiply,
  rows,
  select,
  subtract,
} from '../graph/operations.ts';
import type { Tensor } from '../graph/tensor.ts';
import { repeatColumns, type Layout } from './features/compact.ts';
import { keepConditions } from './features/conditions.ts';
import { between } from './losses.ts';
import type { StepBuilder } from './step-builder.ts';

/** Ways to move a normal row off the data; critic-recipe.md section 2, step 4, and section 5 for levels. */
export const NEGATIVE_KINDS = ['noise', 'swap', 'extrapolate', 'interpolate'] as const;
export type NegativeKind = (typeof NEGATIVE_KINDS)[number];
/** Share of each kind in a batch; normalised. */
export type NegativeShares = Readonly<Record<NegativeKind, number>>;

export interface NegativeOptions {
  readonly shares: NegativeShares;
  /** Standard deviations of the noise: log-uniform between these, one a row. */
  readonly noise: { readonly smallest: number; readonly largest: number };
  /**
   * Share of the replaced levels that become the unseen one, below 1. Drawn uniformly among all, as in critic-recipe.md
   * section 5, it is too rare to be learnt where there are many levels (docs/decisions/0011).
   */
  readonly unseenShare: number;
}

interface Block {
  /** Compact rows [k, compactWidth] to be moved, and as many others to move them by. */
  readonly x: Tensor;
  readonly other: Tensor;
  readonly size: number;
  /** Prefix of the names of the block's noise. */
  readonly name: string;
  readonly step: StepBuilder;
  readonly layout: Layout;
  readonly options: NegativeOptions;
}

/**
 * Off-support negatives: one moved copy y of each compact row x [batch, compactWidth], in fixed blocks of the batch.
 *
 * | kind        | numbers and angles                                     | levels                                |
 * |-------------|--------------------------------------------------------|---------------------------------------|
 * | noise       | x + sigma N(0, I)                                      | replaced                              |
 * | swap        | with probability p a unit comes from one other row     | the same                              |
 * | extrapolate | x + 2u (x - o), o another row                          | replaced                              |
 * | interpolate | x + u (o - x)                                          | replaced                              |
 *
 * with u, p ~ U(0, 1) one a row; "replaced": with probability p by another level, which is the unseen one for a
 * share of the draws, else any one, drawn uniformly. Conditions are never moved: the critic learns to tell a row from
 * others that might have the same condition, so that its score means "normal for this condition".
 */
export function offSupportNegatives(
  step: StepBuilder,
  x: Tensor,
  other: Tensor,
  layout: Layout,
  options: NegativeOptions,
): Tensor {
  const sizes = blockSizes(options.shares, Number(x.shape[0]));
  let start = 0;
  const blocks = NEGATIVE_KINDS.flatMap((kind) => {
    const end = start + sizes[kind];
    const part = (table: Tensor): Tensor => rows(table, start, end);
    if (end === start) return [];
    const block = { x: part(x), other: part(other), size: end - start, name: kind, step, layout, options };
    start = end;
    return [MOVES[kind](block)];
  });
  return keepConditions(concat(blocks, 0), x, layout.conditions);
}

/** Rows of each kind, by rounding the running total, so that they add up to the batch. */
export function blockSizes(shares: NegativeShares, batch: number): Readonly<Record<NegativeKind, number>> {
  const total = NEGATIVE_KINDS.reduce((sum, kind) => sum + shares[kind], 0);
  let [running, used] = [0, 0];
  const sizes = NEGATIVE_KINDS.map((kind) => {
    running += shares[kind] / total;
    const size = Math.round(running * batch) - used;
    used += size;
    return [kind, size] as const;
  });
  return Object.fromEntries(sizes) as Record<NegativeKind, number>;
}

const MOVES: { readonly [K in NegativeKind]: (block: Block) => Tensor } = {
  noise: (block) =>
    moveParts(block, (x) => {
      const { smallest, largest } = block.options.noise;
      const u = block.step.uniform(`${block.name}.scale`, [block.size, 1]);
      const sigma = exp(add(multiply(u, Math.log(largest / smallest)), Math.log(smallest)));
      const normal = block.step.normal(`${block.name}.normal`, [block.size, block.layout.continuous]);
      return add(x, multiply(normal, sigma));
    }),
  swap: ({ x, other, size, name, step, layout }) => {
    const p = step.uniform(`${name}.probability`, [size, 1]);
    const moved = greater(p, step.uniform(`${name}.when`, [size, layout.units])); // [k, units]
    return select(repeatColumns(moved, layout.unitOf), other, x); // the columns of one unit share its fate
  },
  extrapolate: (block) =>
    moveParts(block, (x, other) => {
      const u = block.step.uniform(`${block.name}.length`, [block.size, 1]);
      return add(x, multiply(multiply(u, 2), subtract(x, other)));
    }),
  interpolate: (block) =>
    moveParts(block, (x, other) => between(x, other, block.step.uniform(`${block.name}.length`, [block.size, 1]))),
};

/** Moves the numbers and angles by a rule, and replaces the levels. */
function moveParts(block: Block, move: (x: Tensor, other: Tensor) => Tensor): Tensor {
  const { x, other, layout } = block;
  const { continuous, compactWidth } = layout;
  const numbers = (table: Tensor): Tensor => columns(table, 0, continuous);
  const parts = [
    ...(continuous > 0 ? [move(numbers(x), numbers(other))] : []),
    ...(layout.levels > 0 ? [replaceLevels(block, columns(x, continuous, compactWidth))] : []),
  ];
  return concat(parts, 1);
}

function replaceLevels({ step, name, size, layout, options: { unseenShare } }: Block, x: Tensor): Tensor {
  const p = step.uniform(`${name}.replaceProbability`, [size, 1]);
  const replaced = greater(p, step.uniform(`${name}.replaceWhen`, [size, layout.levels]));
  const u = step.uniform(`${name}.replaceBy`, [size, layout.levels]);
  const counts = constant(layout.levelCounts, [1, layout.levels]);
  const unseen = constant(layout.unseenLevels, [1, layout.levels]);
  const uniform = floor(multiply(divide(subtract(u, unseenShare), 1 - unseenShare), counts));
  return select(replaced, select(greater(unseenShare, u), unseen, uniform), x);
}
