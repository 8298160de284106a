import { describe, expect, it } from '@jest/globals';
import { atOnce } from '../../../src/base/in-parts.ts';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { emitGraph } from '../../../src/graph/onnx/emit-graph.ts';
import * as op from '../../../src/graph/operations.ts';
import { BATCH } from '../../../src/graph/shape.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { repeatColumns } from '../../../src/models/features/compact.ts';
import { openOrtExecutor } from '../../../src/runtime/onnxruntime/executor.ts';
import { openRowProgram } from '../../../src/runtime/rows/row-program.ts';

const ROWS = 16;

function normals(count: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  createRandom(seed).stream('normals').fillNormal(values, 0);
  return values;
}

/** Of all sizes; among them missing ones, zeros of both signs and what does not end. */
function rowsOf(width: number): Float32Array {
  const odd = [NaN, 0, -0, Infinity, -Infinity, 0.5, -1.5, 2.5];
  return normals(ROWS * width, width).map((value, index) =>
    index % 11 === 0 ? odd[(index / 11) % odd.length]! : value * 10 ** ((index % 9) - 4),
  );
}

const onnxOf = (width: number, build: (x: Tensor) => Tensor): Uint8Array => {
  const x = op.input('rows', [BATCH, width]);
  return emitGraph(createGraph('row', [x], { y: build(x) }));
};

/** Bits, but one NaN is as good as another. */
const bitsOf = (values: Float32Array): string =>
  Buffer.from(values.map((value) => (Number.isNaN(value) ? NaN : value)).buffer).toString('hex');

/** What ONNX Runtime makes of all rows at once, and the program of each by itself. */
async function both(width: number, build: (x: Tensor) => Tensor, rows = rowsOf(width)) {
  const onnx = onnxOf(width, build);
  const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  const session = await executor.load(onnx);
  const count = rows.length / width;
  const expected = session.runNow!({ rows: { data: rows, shape: [count, width] } })['y']!.data;
  await session.close();
  const program = atOnce(openRowProgram(onnx, width));
  if ('absent' in program) throw new Error(program.absent);
  const found = Array.from({ length: count }, (_, row) =>
    program.run(rows.subarray(row * width, (row + 1) * width))?.slice(),
  );
  return { expected, found };
}

async function expectSameBits(width: number, build: (x: Tensor) => Tensor, rows?: Float32Array): Promise<void> {
  const { expected, found } = await both(width, build, rows);
  const length = expected.length / found.length;
  found.forEach((values, row) => {
    expect(bitsOf(values!)).toEqual(bitsOf(expected.subarray(row * length, (row + 1) * length)));
  });
}

const other = (width: number): Tensor => op.constant(normals(width, 1), [1, width]);
const [W, V] = [24, 7];

/** Elsewhere ONNX Runtime's bits are others, and a program that does not give them is not used (single-row.ts). */
const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('the program of one row', () => {
  it.each<[string, (x: Tensor) => Tensor]>([
    ['negate', op.negate],
    ['abs', op.abs],
    ['sqrt', op.sqrt],
    ['floor', op.floor],
    ['round', op.round],
    ['isNaN', op.isNaN],
    ['leakyRelu', (x) => op.leakyRelu(x, 0.2)],
    ['relu', op.relu],
    ['add', (x) => op.add(x, other(V))],
    ['subtract', (x) => op.subtract(other(V), x)],
    ['multiply', (x) => op.multiply(x, 3.1)],
    ['divide', (x) => op.divide(x, other(V))],
    ['maximum', (x) => op.maximum(x, other(V))],
    ['minimum', (x) => op.minimum(x, other(V))],
    ['maximum with zeros of both signs', (x) => op.maximum(x, op.constant([0, -0, 0, -0, 0, -0, 0], [1, V]))],
    ['minimum with zeros of both signs', (x) => op.minimum(op.constant([0, -0, 0, -0, 0, -0, 0], [1, V]), x)],
    ['transpose and gatherRows', (x) => repeatColumns(op.multiply(x, 2), [6, 0, 0, 3])],
    ['greater', (x) => op.greater(x, other(V))],
    ['equal', (x) => op.equal(x, op.floor(x))],
    ['select', (x) => op.select(op.isNaN(x), other(V), op.multiply(x, x))],
    ['concat', (x) => op.concat([op.columns(x, 1, 4), op.multiply(x, 2), x], 1)],
    ['slice', (x) => op.multiply(op.columns(x, 3, 5), 2)],
    ['reshape', (x) => op.reshape(op.multiply(x, 2), [BATCH, 1, V])],
  ])('gives the bits of ONNX Runtime for %s', async (_, build) => {
    await expectSameBits(V, build);
  });

  it.each([
    { name: 'cosines', wave: op.cos, large: 18_838 },
    { name: 'sines', wave: op.sin, large: 25_966 },
  ])('gives its bits for $name, and is not sure of large angles', async ({ wave, large }) => {
    const angles = normals(ROWS * W, 3).map((value, index) => value * 10 ** ((index % 8) - 4));
    await expectSameBits(W, wave, angles);
    await expectSameBits(2, wave, angles);
    const rows = new Float32Array(3 * W)
      .fill(large - 0.1)
      .fill(-large, W, W + 1)
      .fill(1e9, 3 * W - 1);
    const { expected, found } = await both(W, wave, rows);
    expect(found.map((values) => values !== undefined)).toEqual([true, false, false]);
    expect(bitsOf(found[0]!)).toEqual(bitsOf(expected.subarray(0, W)));
  });

  it.each([1, 64, 257, 520].flatMap((inner) => [1, 5, 33, 256].map((columns) => ({ inner, columns }))))(
    'gives its bits for products of $inner values by $columns columns',
    async ({ inner, columns }) => {
      const rows = normals(ROWS * inner, inner);
      const weights = normals(inner * columns, columns);
      const dense = (x: Tensor): Tensor => op.matMul(x, op.constant(weights, [inner, columns]));
      const turned = (x: Tensor): Tensor => op.matMul(x, op.constant(weights, [columns, inner]), false, true);
      for (const product of [dense, turned]) {
        await expectSameBits(inner, product, rows);
        await expectSameBits(inner, (x) => op.add(product(x), other(columns)), rows);
      }
    },
  );

  it.each<[string, number, (x: Tensor) => Tensor]>([
    ['exp', 4, op.exp],
    ['tanh', 4, op.tanh],
    ['cos of 5 values', 5, op.cos],
    ['sin of 1 values', 1, op.sin],
    ['sum', 4, (x) => op.sum(x, [1])],
    ['a product by something else than weights', 4, (x) => op.matMul(x, op.negate(op.constant([1, 2, 3, 4], [4, 1])))],
    ['is taken for 4', 4, (x) => op.add(x, op.columns(x, 0, 1))],
  ])('is none where the bits are not known, and says why: %s', (reason, width, build) => {
    expect(atOnce(openRowProgram(onnxOf(width, build), width))).toEqual({ absent: expect.stringContaining(reason) });
  });

  it('is none of rows of another width, and takes no more memory than a critic does', () => {
    const wide = 2 ** 25;
    const sixTimes = (x: Tensor): Tensor => Array.from({ length: 6 }).reduce<Tensor>((y) => op.multiply(y, 2), x);
    expect(atOnce(openRowProgram(onnxOf(4, op.negate), 5))).toEqual({
      absent: expect.stringContaining('4 values, and not 5'),
    });
    expect(atOnce(openRowProgram(onnxOf(wide, sixTimes), wide))).toEqual({
      absent: expect.stringContaining('it needs more than'),
    });
  });

  it('reads nothing beyond its memory where a part of a constant ends it', async () => {
    const last = op.constant(normals(16_288, 4), [1, 16_288]);
    await expectSameBits(V, (x) => op.add(op.columns(x, 0, 2), op.columns(last, 16_286, 16_288)));
  });

  it('is none of what is no model', () => {
    expect(atOnce(openRowProgram(Uint8Array.of(1, 2, 3), 1))).toEqual({ absent: expect.stringContaining('ONNX') });
  });

  it('keeps nothing of one row for the next', () => {
    const build = (x: Tensor): Tensor => op.add(op.matMul(x, op.constant(normals(W * 5, 2), [W, 5])), other(5));
    const program = atOnce(openRowProgram(onnxOf(W, build), W));
    if ('absent' in program) throw new Error(program.absent);
    const row = normals(W, 5);
    const first = bitsOf(program.run(row)!);
    program.run(new Float32Array(W).fill(NaN));
    expect(bitsOf(program.run(row)!)).toEqual(first);
  });
});
