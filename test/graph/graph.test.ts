import { describe, expect, it } from '@jest/globals';
import { createGraph, checkGraph } from '../../src/graph/graph.ts';
import {
  add,
  concat,
  constant,
  gatherRows,
  input,
  matMul,
  pad,
  reshape,
  scatterRows,
  slice,
  sum,
  transpose,
  broadcastTo,
  max,
} from '../../src/graph/operations.ts';
import { assertShape, BATCH } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';

const x = input('x', [3, 4]);

describe('the type-checker of graphs', () => {
  it('accepts a graph whose shapes are right', () => {
    expect(() => createGraph('right', [x], { y: add(x, 1) })).not.toThrow();
  });

  it('catches a tensor that is marked with a wrong shape, however deep it is', () => {
    const wrong: Tensor = { ...add(x, 1), shape: [4, 3] };
    const graph = { name: 'wrong', inputs: [x], outputs: { y: sum(wrong) } };
    expect(() => checkGraph(graph)).toThrow('graph: add is marked [4, 3] but has [3, 4]');
  });

  it('catches an input that is not declared, and names it', () => {
    expect(() => createGraph('open', [], { y: add(x, 1) })).toThrow('graph: open uses the input x undeclared');
  });

  it('catches two inputs of one name, and an output with the name of an input', () => {
    expect(() => createGraph('twins', [x, input('x', [2])], { y: x })).toThrow('two inputs of twins are named x');
    expect(() => createGraph('echo', [x], { x: add(x, 1) })).toThrow('an input and an output of echo are named x');
  });
});

describe('a primitive refuses operands that do not fit', () => {
  const batched = input('rows', [BATCH, 4]);
  it.each<[string, () => Tensor, string]>([
    ['addition', () => add(x, constant(1, [3])), '[3, 4] and [3] do not broadcast'],
    ['matMul', () => matMul(x, x), 'cannot multiply [3, 4] by [3, 4]'],
    ['matMul, transposed', () => matMul(x, x, true, true), 'cannot multiply [3, 4] transposed by [3, 4] transposed'],
    ['matMul of vectors', () => matMul(constant(1, [3]), constant(1, [3])), 'cannot multiply [3] by [3]'],
    [
      'matMul of a matrix and a vector',
      () => matMul(x, constant(1, [4]), false, true),
      'cannot multiply [3, 4] by [4] transposed',
    ],
    ['reshape', () => reshape(x, [5]), '[3, 4] cannot be reshaped to [5]'],
    ['reshape of a batch', () => reshape(batched, [4]), '[N, 4] cannot be reshaped to [4]'],
    ['broadcastTo', () => broadcastTo(x, [3, 5]), '[3, 4] and [3, 5] do not broadcast'],
    ['transpose', () => transpose(x, [0, 0]), '[0, 0] does not permute the axes of [3, 4]'],
    ['sum', () => sum(x, [2]), '[3, 4] has no axis 2'],
    ['max', () => max(x, 2), '[3, 4] has no axis 2'],
    ['slice', () => slice(x, 1, 2, 5), '2 to 5 is no part of axis 1 of [3, 4]'],
    ['slice of nothing', () => slice(x, 1, 2, 2), '2 to 2 is no part of axis 1 of [3, 4]'],
    ['slice of a batch', () => slice(batched, 0, 0, 1), 'axis 0 of [N, 4] must have a known length'],
    ['pad', () => pad(x, 3, 0, 1), '[3, 4] has no axis 3'],
    ['concat', () => concat([x, constant(1, [2, 3])], 0), '[3, 4] and [2, 3] do not concatenate along axis 0'],
    ['concat of none', () => concat([], 0), 'concat needs at least one tensor'],
    ['gatherRows', () => gatherRows(x, x), 'row indices must be a vector, got [3, 4]'],
    ['scatterRows', () => scatterRows(x, constant(1, [2]), 9), 'scatterRows: [3, 4] updates for [2] indices'],
    ['constant', () => constant([1, 2], [3]), '2 values do not fill a constant of shape [3]'],
    ['input', () => input('none', [0]), '[0] is no shape'],
    ['input with two batches', () => input('square', [BATCH, BATCH]), '[N, N] is no shape'],
  ])('%s', (_, make, message) => expect(make).toThrow(message));

  it('and so does an entrance', () => {
    expect(() => assertShape(x, [null, 4])).not.toThrow();
    expect(() => assertShape(x, [null, 5])).toThrow('expected a tensor of shape [?, 5], got [3, 4]');
  });
});
