import type { Random } from '../../base/philox.ts';
import { createGraph } from '../../graph/graph.ts';
import { add, input, matMul, multiply, reshape, square, sum } from '../../graph/operations.ts';
import { expandCompact, layoutOf } from '../../models/features/compact.ts';
import type { Transform } from '../../models/features/transform.ts';
import type { Executor, NumberArray } from '../../runtime/executor.ts';

/** Rows whose nearest neighbour is looked for, and rows among which it is looked for; critic-recipe.md section 2, step 2. */
const MOST_QUERIES = 2000;
const MOST_CANDIDATES = 20_000;
const QUERIES_PER_CALL = 200;
/** Candidates take at most so many numbers, 64 MiB. */
const MOST_NUMBERS = 2 ** 24;
/** Nearer than this is the same row. */
const SAME = 1e-3;

/**
 * Median over training rows of the Euclidean distance to the nearest other training row, in expanded space; exact
 * duplicates are left out. Without any distance at all (all rows equal): 0.1 sqrt(expanded width).
 */
export async function nearestDistance(
  executor: Executor,
  table: NumberArray,
  transform: Transform,
  random: Random,
): Promise<number> {
  const [count = 0] = table.shape;
  const most = Math.min(count, MOST_CANDIDATES, Math.ceil(MOST_NUMBERS / layoutOf(transform).expandedWidth));
  const candidates = await expandRows(executor, sampleRows(table, most, random), transform);
  const [n = 0, d = 0] = candidates.shape;
  const queryCount = Math.min(MOST_QUERIES, n);
  const size = Math.min(QUERIES_PER_CALL, queryCount);
  const [a, b] = [input('a', [size, d]), input('b', [n, d])];
  const squares = (x: typeof a): ReturnType<typeof sum> => sum(square(x), [1]);
  const squaredDistance = add(
    add(reshape(squares(a), [size, 1]), reshape(squares(b), [1, n])),
    multiply(matMul(a, b, false, true), -2),
  );
  const session = await executor.compile(createGraph('distances', [a, b], { squaredDistance }));
  const nearest: number[] = [];
  for (let start = 0; start < queryCount; start += size) {
    // The last call starts earlier rather than being shorter; its repeated rows are dropped.
    const from = Math.min(start, queryCount - size);
    const data = candidates.data.subarray(from * d, (from + size) * d);
    const results = await session.run({ a: { data, shape: [size, d] }, b: candidates });
    const distances = results['squaredDistance']!.data;
    for (let row = start - from; row < size; row++) {
      const neighbour = indexOfSmallest(distances, row * n, n, from + row);
      nearest.push(distanceBetween(candidates, from + row, neighbour));
    }
  }
  await session.close();
  const apart = nearest.filter((distance) => distance > SAME).sort((x, y) => x - y);
  return medianOf(apart) ?? 0.1 * Math.sqrt(d);
}

function indexOfSmallest(values: Float32Array, start: number, count: number, itself: number): number {
  let [smallest, found] = [Infinity, itself];
  for (let index = 0; index < count; index++) {
    const value = values[start + index]!;
    if (value < smallest && index !== itself) {
      smallest = value;
      found = index;
    }
  }
  return found;
}

/** In double precision: |a|^2 + |b|^2 - 2ab in float32 finds the neighbour, but makes duplicates look 0.003 apart. */
function distanceBetween({ data, shape }: NumberArray, a: number, b: number): number {
  const [, d = 0] = shape;
  let total = 0;
  for (let index = 0; index < d; index++) total += (data[a * d + index]! - data[b * d + index]!) ** 2;
  return Math.sqrt(total);
}

function medianOf(sorted: readonly number[]): number | undefined {
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** A seeded choice of rows, in a random order. */
function sampleRows({ data, shape }: NumberArray, count: number, random: Random): NumberArray {
  const [n = 0, width = 0] = shape;
  const chosen = random.stream('nearest-distance').permutation(n).subarray(0, count);
  const out = new Float32Array(count * width);
  chosen.forEach((row, index) => out.set(data.subarray(row * width, (row + 1) * width), index * width));
  return { data: out, shape: [count, width] };
}

async function expandRows(executor: Executor, compact: NumberArray, transform: Transform): Promise<NumberArray> {
  const { compactWidth } = layoutOf(transform);
  const rows = input('rows', [compact.shape[0] ?? 0, compactWidth]);
  const session = await executor.compile(createGraph('expand', [rows], { expanded: expandCompact(rows, transform) }));
  const { expanded } = await session.run({ rows: compact });
  await session.close();
  return expanded!;
}
