import { createRandom } from '../base/philox.ts';
import { emitGraph } from '../graph/onnx/emit-graph.ts';
import { explainGraph } from '../models/explain/explain-graph.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import type { Executor, NumberArray } from '../runtime/executor.ts';
import { fitExplainReference } from './fit/explain-reference.ts';
import type { FittedModel } from './fit/fit-model.ts';

export interface ExplainerOptions {
  readonly executor: Executor;
  readonly schema: FeatureSchema;
  readonly model: FittedModel;
  /** The scores that say what is normal. */
  readonly calibration: Manifest['calibration'];
  /** Raw training rows. */
  readonly rows: NumberArray;
  readonly seed: number;
}

/** The bytes of explain.onnx. What it knows of the rows is taken from a seeded sample of them. */
export async function exportExplainer(options: ExplainerOptions): Promise<Uint8Array> {
  const { executor, schema, model, rows, seed, calibration } = options;
  const { transform, scoring: critics } = model;
  const chosen = createRandom(seed)
    .stream('explain')
    .permutation(rows.shape[0] ?? 0);
  const reference = await fitExplainReference(executor, schema, transform, { matrix: rows, chosen }, calibration);
  return emitGraph(explainGraph({ schema, transform, critics, reference }));
}
