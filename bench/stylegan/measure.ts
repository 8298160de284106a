import { z } from 'zod';
import { createRandom } from '../../src/base/philox.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { GENERATED_OUTPUT, LATENT_INPUT } from '../../src/models/generator-graph.ts';
import { styleFeeds, styleWidths } from '../../src/models/stylegan/style-inputs.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { FEATURES, type Classifier } from './classifier.ts';
import { compareManifolds, frechetDistance } from './distances.ts';

const share = z.number();
/** How near a set of images is to real ones; shares, not percent. */
export const qualitySchema = z.object({
  frechet: z.number(),
  ...{ precision: share, recall: share, density: share, coverage: share },
  /** Classes, of ten, that at least one in fifty of the images is of, by the classifier. */
  digits: z.number(),
});
export type Quality = z.infer<typeof qualitySchema>;

const IMAGES_PER_CALL = 100;

/** Images of a generator's graph, as raw rows. */
export async function generateImages(
  executor: Executor,
  graph: Graph,
  count: number,
  truncation: number,
): Promise<Float32Array> {
  const entries = graph.inputs.map((each) => [each.attributes.name, Number(each.shape[1])] as const);
  const widths = styleWidths(Object.fromEntries(entries))!;
  const stream = createRandom(7).stream('bench');
  const session = await executor.compile(graph);
  const parts: Float32Array[] = [];
  for (let from = 0; from < count; from += IMAGES_PER_CALL) {
    const data = new Float32Array(IMAGES_PER_CALL * widths.latent);
    stream.fillNormal(data, from);
    const latent = { data, shape: [IMAGES_PER_CALL, widths.latent] };
    const results = await session.run({
      [LATENT_INPUT]: latent,
      ...styleFeeds(widths, IMAGES_PER_CALL, { truncation }),
    });
    parts.push(results[GENERATED_OUTPUT]!.data);
  }
  await session.close();
  const all = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

/** Of images beside real ones, in the classifier's features. */
export async function qualityOf(classifier: Classifier, real: Float32Array, images: Float32Array): Promise<Quality> {
  const [of, made] = [await classifier.look(real), await classifier.look(images)];
  const rows = (data: Float32Array) => ({ data, width: FEATURES });
  const counts = new Array<number>(10).fill(0);
  for (const digit of made.classes) counts[digit]! += 1;
  return {
    frechet: frechetDistance(rows(of.features), rows(made.features)),
    ...compareManifolds(rows(of.features), rows(made.features)),
    digits: counts.filter((count) => count >= made.classes.length / 50).length,
  };
}
