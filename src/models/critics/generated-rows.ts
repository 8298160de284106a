import {
  add,
  columns,
  concat,
  constant,
  log,
  multiply,
  negate,
  reshape,
  softmax,
  square,
} from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { groupNeighbours, INDICATOR_HEIGHT } from '../features/compact.ts';
import type { LevelColumn, Transform } from '../features/transform.ts';

/** Xu et al. 2019, section 4.2, has 0.2: as good as a draw, and derivatives still pass. */
const TEMPERATURE = 0.2;
/** Below any logit of any network, and no infinity where it is divided by the temperature. */
const NEVER = -1e30;
/** The size of a normal pair is never 0 in exact arithmetic, and must not be in float32. */
const LEAST_SIZE = 1e-20;
/** Normal numbers that make one Gumbel one. */
const NORMALS_PER_LEVEL = 2;

/** Width of the normal noise by which levels are drawn, [n, levelNoise]. */
export function levelNoise({ levels }: Transform): number {
  return NORMALS_PER_LEVEL * countLevels(levels);
}

/**
 * A generator's linear outputs [n, expandedWidth] as expanded rows: numbers and angles as they are; of each column's levels one
 * is drawn, level k with probability softmax(outputs)[k], by the Gumbel-softmax (Jang et al. 2017; Xu et al. 2019, section 4.2):
 *
 *   softmax((outputs + g) / 0.2), g = -log E, E ~ Exp(1), and (a^2 + b^2) / 2 is such an E for a, b ~ N(0, 1)
 *
 * The largest of outputs + g is a level drawn exactly so. Were the softmax itself the row, its largest entry would always be
 * the likeliest level, and rare ones hardly come out. The unseen level is never drawn.
 */
export function toGeneratedRows(outputs: Tensor, noise: Tensor, { numbers, cycles, levels }: Transform): Tensor {
  const continuous = numbers.length + 2 * cycles.length;
  const parts = continuous > 0 ? [columns(outputs, 0, continuous)] : [];
  if (levels.length > 0) {
    const count = countLevels(levels);
    const logits = add(columns(outputs, continuous, continuous + count), constant(levels.flatMap(bounds), [1, count]));
    parts.push(drawLevels(add(logits, gumbel(noise, count)), levels));
  }
  return concat(parts, 1);
}

/** 0 for levels that may be drawn. */
function bounds({ count, of, largestIndex }: LevelColumn): number[] {
  return Array.from({ length: count }, (_, index) => (of === 'value' && index === largestIndex ? NEVER : 0));
}

function gumbel(noise: Tensor, count: number): Tensor {
  const size = add(square(columns(noise, 0, count)), square(columns(noise, count, 2 * count)));
  return negate(log(add(multiply(size, 0.5), LEAST_SIZE)));
}

/** [n, all levels] -> INDICATOR_HEIGHT times a softmax over each column's levels; columns of a size go together. */
function drawLevels(logits: Tensor, levels: readonly LevelColumn[]): Tensor {
  const parts: Tensor[] = [];
  let start = 0;
  for (const group of groupNeighbours(levels, ({ count }) => count)) {
    const [size, count] = [group.length, group[0]!.count];
    const end = start + size * count;
    const [n = 0] = logits.shape;
    const own = reshape(multiply(columns(logits, start, end), 1 / TEMPERATURE), [n, size, count]);
    parts.push(multiply(reshape(softmax(own, 2), [n, size * count]), INDICATOR_HEIGHT));
    start = end;
  }
  return concat(parts, 1);
}

function countLevels(levels: readonly LevelColumn[]): number {
  return levels.reduce((total, { count }) => total + count, 0);
}
