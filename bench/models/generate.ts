import { join } from 'node:path';
import { createRandom } from '../../src/base/philox.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { constant, input, isNaN, leakyRelu, matMul, reshape, select } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { writeArtefact } from '../../src/models/artefact/write.ts';

/** Numbers of a raw row, and units of the two hidden layers. */
export const FEATURES = 16;
const HIDDEN = 64;
const CALIBRATION_ROWS = 999;

/** Writes NAME/VERSION below `root`: a critic with weights drawn by the seed, calibrated on 999 made-up scores. */
export async function writeModel(root: string, name: string, version: string, seed: number): Promise<void> {
  const fields = Array.from({ length: FEATURES }, (_, index) => `f${index}`);
  await writeArtefact(join(root, name, version), {
    files: { 'critic.onnx': createCritic(seed) },
    manifest: {
      ...{ name, version, family: 'generated', createdAt: '2026-01-01T00:00:00.000Z', libraries: {} },
      features: {
        fields: fields.map((field) => ({ kind: 'number', name: field, missing: false, integer: false })),
        excluded: [],
      },
      training: { config: {}, rows: 1000, rowsInSource: 1000, rollbacks: 0, seconds: 0, device: 'cpu' },
      fingerprint: {
        sha256: '0'.repeat(64),
        columns: fields.map((field) => ({
          name: field,
          missingShare: 0,
          quantiles: [-3, -2, -1.6, -0.7, 0, 0.7, 1.6, 2, 3],
        })),
      },
      calibration: {
        ...{ method: 'split', falsePositiveRate: 0.01 },
        scores: Array.from({ length: CALIBRATION_ROWS }, (_, index) => index / CALIBRATION_ROWS),
      },
    },
  });
}

/** rows [N, FEATURES] -> scores [N]. */
function createCritic(seed: number): Uint8Array {
  const random = createRandom(seed);
  const weights = (layer: string, rows: number, columns: number): Tensor => {
    const values = new Float32Array(rows * columns);
    random.stream(layer).fillNormal(values, 0);
    return constant(
      values.map((value) => value / Math.sqrt(rows)),
      [rows, columns],
    );
  };
  const rows = input('rows', [BATCH, FEATURES]);
  const present = select(isNaN(rows), 0, rows);
  const first = leakyRelu(matMul(present, weights('first', FEATURES, HIDDEN)), 0.2);
  const second = leakyRelu(matMul(first, weights('second', HIDDEN, HIDDEN)), 0.2);
  const scores = reshape(matMul(second, weights('last', HIDDEN, 1)), [BATCH]);
  return emitGraph(createGraph('critic', [rows], { scores }));
}
