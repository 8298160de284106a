import { join } from 'node:path';
import { expect } from '@jest/globals';
import { BATCH } from '../../src/graph/shape.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { clip, constant, input, isNaN, leakyRelu, matMul, select, sum } from '../../src/graph/operations.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { needs } from '../support/needs.ts';
import { createHardRows, parityGap } from '../support/onnx-parity.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const need = needs('python:onnxruntime');

/** A small network in the shape of a critic: missing values filled in, a clip, two dense layers. */
function createNetwork(): Uint8Array {
  const rows = input('rows', [BATCH, 3]);
  const filled = clip(select(isNaN(rows), 0.5, rows), -5, 5);
  const weights = (count: number, seed: number) => Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7));
  const hidden = leakyRelu(matMul(filled, constant(weights(24, 1), [3, 8])), 0.2);
  const scores = sum(matMul(hidden, constant(weights(8, 2), [8, 1])), [1]);
  return emitGraph(createGraph('critic', [rows], { scores }));
}

need.describe("Python's onnxruntime on the same file and raw rows", () => {
  need.it('gives the same scores to 1e-5', async () => {
    const folder = join(await temporaryFolder('parity'), 'm');
    await writeTinyModel(folder, { critic: createNetwork() });
    const detector = await openDetector(folder, { device: 'cpu' });
    try {
      expect(await parityGap(folder, detector, createHardRows(3, 200))).toBeLessThan(1e-5);
    } finally {
      await detector.close();
    }
  });

  need.it('differs from a detector of another critic, so that the comparison can fail', async () => {
    const home = await temporaryFolder('parity');
    const other = await writeTinyModel(join(home, 'other'));
    const detector = await openDetector(other, { device: 'cpu' });
    try {
      const folder = await writeTinyModel(join(home, 'm'), { critic: createNetwork() });
      expect(await parityGap(folder, detector, Float32Array.of(1, 1, 1, 2, 0, 1))).toBeGreaterThan(1e-3);
    } finally {
      await detector.close();
    }
  });
});
