import { createRandom } from '../base/philox.ts';
import { emitGraph } from '../graph/onnx/emit-graph.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { generatorGraph } from '../models/generator-graph.ts';
import type { Executor, NumberArray } from '../runtime/executor.ts';
import { fitMarginals } from './fit/fit-marginals.ts';
import type { FittedModel } from './fit/fit-model.ts';

export interface GeneratorOptions {
  readonly executor: Executor;
  readonly schema: FeatureSchema;
  readonly model: Pick<FittedModel, 'critics' | 'transform'>;
  /** Raw training rows. */
  readonly rows: NumberArray;
  readonly seed: number;
  /** Whether each column's spread is set right after training. */
  readonly marginals: boolean;
}

/** The bytes of generator.onnx; null where no generator was trained. */
export async function exportGenerator(options: GeneratorOptions): Promise<Uint8Array | null> {
  const { executor, schema, model, rows, seed } = options;
  const { transform } = model;
  const critic = model.critics.find(({ plan }) => plan.generator);
  if (critic === undefined) return null;
  const noise = createRandom(seed).stream('marginals');
  const marginals = options.marginals ? await fitMarginals({ executor, schema, transform, critic, rows, noise }) : null;
  const graph = generatorGraph(schema, transform, critic, marginals);
  return graph && emitGraph(graph);
}
