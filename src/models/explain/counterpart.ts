import { gradients } from '../../graph/gradients.ts';
import {
  abs,
  add,
  constant,
  divide,
  greater,
  matMul,
  max,
  maximum,
  multiply,
  negate,
  reshape,
  select,
  subtract,
} from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { MoveTable } from './moves.ts';
import { largestPlace, scoreVariants, takeVariant, type ScoreRows } from './variants.ts';

export interface SearchOptions {
  /** Most fields that are changed. */
  readonly steps: number;
  /** Steps down the gradient, after each change of a field. */
  readonly descents: number;
}

export interface CounterpartOptions extends SearchOptions {
  readonly score: ScoreRows;
  readonly moves: MoveTable;
  /** What the other columns predict for each column, [n, compactWidth] -> the same; null for no such moves. */
  readonly predict: ((compact: Tensor) => Tensor) | null;
  /** 1 for numbers and cycles, [1, compactWidth]. */
  readonly isContinuous: Tensor;
  /** Columns of each unit, as indicator, [units, compactWidth]. */
  readonly columnsOf: Tensor;
  /** Where the search of a row ends: one score, or one a row, [N, 1]. */
  readonly normalScore: Tensor | number;
}

export interface Counterpart {
  /** [N, compactWidth]. */
  readonly compact: Tensor;
  /** For each step, the unit that was first changed in it, as indicator [N, units]; all zeros for none. */
  readonly changes: readonly Tensor[];
}

/** Where the search stands. */
interface Place {
  readonly x: Tensor; // [N, compactWidth]
  readonly score: Tensor; // [N, 1]
}

/**
 * Goes from each row towards lower scores until it is normal, changing as few fields as it can: each step changes the
 * one field whose move lowers the score most, then follows the critic's gradient over the changed fields. At last the
 * numbers go back towards the row as far as the score stays normal.
 */
export function findCounterpart(row: Tensor, options: CounterpartOptions): Counterpart {
  const { score, normalScore, columnsOf, isContinuous } = options;
  let place: Place = { x: row, score: score(row) };
  let changed = multiply(matMul(row, constant(0, [columnsOf.shape[1]!, columnsOf.shape[0]!])), 0);
  const free = (): Tensor => multiply(matMul(changed, columnsOf), isContinuous); // [N, compactWidth]
  const changes: Tensor[] = [];
  for (let step = 0; step < options.steps; step++) {
    const moved = bestMove(place.x, options);
    const isBetter = multiply(greater(place.score, normalScore), greater(place.score, moved.score));
    place = choose(isBetter, moved, place);
    changes.push(multiply(multiply(moved.unit, isBetter), subtract(1, changed)));
    changed = add(changed, changes.at(-1)!);
    for (let descent = 0; descent < options.descents; descent++) place = descend(place, free(), options);
  }
  return { compact: goBack(row, place, free(), options), changes };
}

function choose(condition: Tensor, a: Place, b: Place): Place {
  return { x: select(condition, a.x, b.x), score: select(condition, a.score, b.score) };
}

/** The move to the lowest score. */
function bestMove(x: Tensor, { moves, score, predict }: CounterpartOptions): Place & { readonly unit: Tensor } {
  const { count } = moves;
  const width = Number(x.shape[1]);
  const kept = subtract(constant(1, [count, width]), add(moves.sets, moves.predicts));
  const wide = (matrix: Tensor): Tensor => reshape(matrix, [1, count, width]);
  const tall = (each: Tensor): Tensor => reshape(each, [BATCH, 1, width]);
  const still = add(multiply(tall(x), wide(kept)), wide(moves.values));
  const variants = predict ? add(still, multiply(tall(predict(x)), wide(moves.predicts))) : still;
  const scores = scoreVariants(variants, score);
  const chosen = largestPlace(negate(scores));
  const moved = add(multiply(x, matMul(chosen, kept)), matMul(chosen, moves.values));
  return {
    x: predict ? add(moved, multiply(predict(x), matMul(chosen, moves.predicts))) : moved,
    score: negate(max(negate(scores), 1)),
    unit: matMul(chosen, moves.unitOf),
  };
}

/** Lengths of a step down the gradient, in standardised units, one of which is taken. */
const DESCENTS = [2, 1, 0.5, 0.25, 0.12, 0.06, 0.03];
/** Keeps a gradient of zero from dividing by zero. */
const LEAST_SLOPE = 1e-20;

/** A step against the gradient over the free columns, as long as lowers the score most; none where none does. */
function descend(place: Place, free: Tensor, { score, normalScore }: CounterpartOptions): Place {
  const slope = multiply(gradients(score(place.x), [place.x])[0]!, free);
  const direction = divide(slope, maximum(max(abs(slope), 1), LEAST_SLOPE)); // [N, compactWidth]
  const variants = alongLine(place.x, direction, DESCENTS.map(negated));
  const scores = scoreVariants(variants, score);
  const lowest = { x: takeVariant(variants, largestPlace(negate(scores))), score: negate(max(negate(scores), 1)) };
  const isBetter = multiply(greater(place.score, normalScore), greater(place.score, lowest.score));
  return choose(isBetter, lowest, place);
}

const negated = (length: number): number => -length;

/** Points x + length direction, [N, lengths, width]. */
function alongLine(x: Tensor, direction: Tensor, lengths: readonly number[]): Tensor {
  const width = Number(x.shape[1]);
  const tall = (each: Tensor): Tensor => reshape(each, [BATCH, 1, width]);
  return add(tall(x), multiply(tall(direction), constant(lengths, [1, lengths.length, 1])));
}

/** Shares of the way back to the row that are tried, the longest first. */
const BACK = [0.75, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0];

/** As far back towards the row as the score stays normal, or as low as it got. */
function goBack(row: Tensor, { x, score: reached }: Place, free: Tensor, options: CounterpartOptions): Tensor {
  const variants = alongLine(x, multiply(subtract(row, x), free), BACK);
  const limit = maximum(reached, options.normalScore);
  const isNormal = subtract(1, greater(scoreVariants(variants, options.score), limit)); // [N, shares]
  const order = constant(
    BACK.map((_, index) => 1 - index / BACK.length),
    [1, BACK.length],
  );
  // The last share is the counterpart itself, and stands whatever rounding says.
  const isLast = constant(
    BACK.map((share) => (share === 0 ? 1 : 0)),
    [1, BACK.length],
  );
  return takeVariant(variants, largestPlace(multiply(maximum(isNormal, isLast), order)));
}
