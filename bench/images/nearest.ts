import { createGraph } from '../../src/graph/graph.ts';
import { input, matMul } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import type { Executor } from '../../src/runtime/executor.ts';

const ROWS_PER_CALL = 250;
const NEIGHBOURS = 5;

/** Mean distance of each row of `test` to its five nearest rows of `train`, pixel by pixel: [n, width] each. */
export async function nearestDistances(
  executor: Executor,
  train: Float32Array,
  test: Float32Array,
  width: number,
): Promise<Float64Array> {
  const count = train.length / width;
  const a = input('a', [BATCH, width]);
  const b = input('b', [count, width]);
  const session = await executor.compile(createGraph('products', [a, b], { products: matMul(a, b, false, true) }));
  const squares = squaredNorms(train, width);
  const distances = new Float64Array(test.length / width);
  for (let from = 0; from < distances.length; from += ROWS_PER_CALL) {
    const rows = test.subarray(from * width, (from + ROWS_PER_CALL) * width);
    const n = rows.length / width;
    const feeds = { a: { data: rows, shape: [n, width] }, b: { data: train, shape: [count, width] } };
    const products = (await session.run(feeds))['products']!.data;
    const own = squaredNorms(rows, width);
    for (let row = 0; row < n; row++) {
      const all = Float64Array.from(squares, (square, at) => own[row]! + square - 2 * products[row * count + at]!);
      const nearest = all.sort().subarray(0, NEIGHBOURS);
      distances[from + row] = nearest.reduce((total, each) => total + Math.sqrt(Math.max(0, each)), 0) / NEIGHBOURS;
    }
  }
  await session.close();
  return distances;
}

function squaredNorms(rows: Float32Array, width: number): Float64Array {
  return Float64Array.from({ length: rows.length / width }, (_, row) => {
    let total = 0;
    for (let at = row * width; at < (row + 1) * width; at++) total += rows[at]! ** 2;
    return total;
  });
}
