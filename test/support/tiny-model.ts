import { BATCH } from '../../src/graph/shape.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { abs, input, isNaN, select, sum, type Operand } from '../../src/graph/operations.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { writeArtefact, type ArtefactContent } from '../../src/models/artefact/write.ts';
import { createManifest } from './artefacts.ts';

/** A critic made by hand: rows [N, width] -> scores [N]. */
export function createCritic(width: number, score: (rows: Tensor) => Tensor, outputName = 'scores'): Uint8Array {
  const rows = input('rows', [BATCH, width]);
  return emitGraph(createGraph('critic', [rows], { [outputName]: score(rows) }));
}

const orElse = (x: Tensor, value: Operand): Tensor => select(isNaN(x), value, x);

/** The sum of the row's sizes, missing values counting 7. */
export const sumOfSizes = (rows: Tensor): Tensor => sum(abs(orElse(rows, 7)), [1]);
/** The same, but a missing value makes the score NaN. */
export const sumOrNaN = (rows: Tensor): Tensor => sum(abs(rows), [1]);

/**
 * Writes a model that scores rows of (amount, colour, paid) by `sumOfSizes`, calibrated by 0, 0.1, ..., 9.8 with a rate of
 * 0.05: amounts above 9.4 are anomalous where colour is red and paid is false.
 */
export async function writeTinyModel(
  folder: string,
  changes: { manifest?: Partial<ArtefactContent['manifest']>; critic?: Uint8Array } = {},
): Promise<string> {
  const critic = changes.critic ?? createCritic(3, sumOfSizes);
  await writeArtefact(folder, { manifest: createManifest(changes.manifest), files: { 'critic.onnx': critic } });
  return folder;
}
