import { expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { add, broadcastTo, concat, constant, input, multiply, reshape, sin, sum } from '../../src/graph/operations.ts';
import { BATCH, batchTimes, showShape, type Dimension } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { findDifferences, toFeeds } from '../support/arrays.ts';
import { describeEngines } from '../support/engines.ts';
import { normal } from '../support/primitive-samples.ts';
import { evaluateReference } from '../support/reference.ts';

const VARIANTS = 4;

/** Four variants of each row, looked at as rows of their own, and the derivative with respect to the rows. */
function variantsGraph(count: Dimension, all: Dimension) {
  const rows = input('rows', [count, 3]);
  const factors = constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [1, VARIANTS, 3]);
  const variants = multiply(reshape(rows, [count, 1, 3]), factors);
  const flat = reshape(variants, [all, 3]);
  const stretched = broadcastTo(constant([0.5, 1, 1.5], [1, 3]), [all, 3]);
  const values = reshape(sum(sin(add(flat, stretched)), [1]), [count, VARIANTS]);
  const [derivative] = gradients(values, [rows]);
  return { rows, outputs: { values, derivative: derivative as Tensor } };
}

describeEngines(['ONNX Runtime', 'TF.js on cpu', 'TensorFlow'], 'multiples of the batch dimension', (open) => {
  it('are computed as defined, for one row and for five', async () => {
    const { rows, outputs } = variantsGraph(BATCH, batchTimes(VARIANTS));
    const executor = await open();
    const session = await executor.compile(createGraph('variants', [rows], outputs));
    for (const count of [1, 5]) {
      const feeds = { rows: normal('rows', count, 3) };
      const results = await session.run(toFeeds(feeds));
      const expected = evaluateReference(Object.values(variantsGraph(count, VARIANTS * count).outputs), feeds);
      const faults = Object.keys(outputs).flatMap((name, index) =>
        findDifferences(results[name], expected[index]!, 3e-6),
      );
      expect(faults).toEqual([]);
    }
    await session.close();
    await executor.close();
  });

  it('have a known shape, in which a wrong multiple is refused', () => {
    const rows = input('rows', [BATCH, 6]);
    expect(showShape(reshape(rows, [batchTimes(2), 3]).shape)).toBe('[N*2, 3]');
    expect(() => reshape(rows, [batchTimes(3), 3])).toThrow('[N, 6] cannot be reshaped to [N*3, 3]');
    expect(() => reshape(rows, [6])).toThrow('cannot be reshaped');
    expect(() => concat([reshape(rows, [batchTimes(2), 3]), reshape(rows, [batchTimes(2), 3])], 0)).toThrow(
      'axis 0 of [N*2, 3] must have a known length',
    );
    expect(() => input('x', [batchTimes(0.5)])).toThrow('[N*0.5] is no shape');
  });
});
