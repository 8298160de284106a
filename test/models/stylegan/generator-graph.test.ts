import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createGraph } from '../../../src/graph/graph.ts';
import { constant, reshape } from '../../../src/graph/operations.ts';
import { simplify } from '../../../src/graph/simplify.ts';
import { GENERATED_OUTPUT, LATENT_INPUT } from '../../../src/models/generator-graph.ts';
import { constants } from '../../../src/models/scoring-graph.ts';
import { createNetworks, planPhase, type StyleGanOptions } from '../../../src/models/stylegan/game.ts';
import { styleGeneratorGraph } from '../../../src/models/stylegan/generator-graph.ts';
import { layersUpTo, sizeOfLayer } from '../../../src/models/stylegan/resolutions.ts';
import { styleFeeds } from '../../../src/models/stylegan/style-inputs.ts';
import type { Executor } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { initialFeeds, numbersOf, optionsOf, readGoldenStyleGan } from '../../support/golden-stylegan.ts';

const SIZE = 8;
const LAYERS = layersUpTo(SIZE);
const COUNT = 2;
const golden = readGoldenStyleGan();
const each = { ...golden.cases[0]!, case: { ...golden.cases[0]!.case, labels: 0 } };
const base = optionsOf(golden, each);
const options: StyleGanOptions = { ...base, rules: { ...base.rules, generatorAverage: 0 } };
const { latent, colours } = options;
const networks = createNetworks(options, SIZE, null);
const task = planPhase(options, { name: '8', size: SIZE, isFading: false, images: 16, imagesBefore: 0 }, COUNT);
const weights = {
  ...Object.fromEntries(Object.entries(initialFeeds(task)).map(([name, { data }]) => [name, data])),
  [networks.meanStyle.name]: numbersOf('mean', [1, latent]).data,
};
const values = constants(weights);

/** First and second z, and the first one's noise in each layer. */
const [z, other] = [numbersOf('z', [COUNT, latent]).data, numbersOf('other', [COUNT, latent]).data];
const noises = Array.from({ length: LAYERS }, (_, layer) => numbersOf(`noise.${layer}`, [COUNT, 1, ...square(layer)]));
function square(layer: number): readonly [number, number] {
  return [sizeOfLayer(layer), sizeOfLayer(layer)];
}

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

async function compute(name: string, graph: ReturnType<typeof createGraph>, feeds = {}): Promise<Float32Array> {
  const session = await executor.compile(simplify(graph));
  const results = await session.run(feeds);
  await session.close();
  return results[name]!.data;
}

/** The styles of latents, by the mapping network alone. */
const stylesOf = (of: Float32Array): Promise<Float32Array> =>
  compute('w', createGraph('mapping', [], { w: networks.mapping.apply(constant(of, [COUNT, latent]), values) }));

/** The images of a style for each layer, by the synthesis network alone, in 0 .. 255. */
async function synthesise(styleOf: (layer: number) => Float32Array): Promise<Float32Array> {
  const style = (layer: number) => constant(styleOf(layer), [COUNT, latent]);
  const noise = (layer: number) => constant(noises[layer]!.data, noises[layer]!.shape);
  const images = networks.synthesis.apply({ style, noise }, values);
  const rows = reshape(images, [COUNT, colours * SIZE ** 2]);
  const made = await compute('rows', createGraph('synthesis', [], { rows }));
  return made.map((value) => Math.min(255, Math.max(0, (value + 1) * 127.5)));
}

/** What generator.onnx makes. */
function generate(choice: { readonly shares?: readonly number[]; readonly truncation?: number }) {
  const width = latent + noises.reduce((total, { data }) => total + data.length / COUNT, 0);
  const rows = Array.from({ length: COUNT }, (_, row) => [
    ...z.subarray(row * latent, (row + 1) * latent),
    ...noises.flatMap(({ data }) => [...data.subarray((row * data.length) / COUNT, ((row + 1) * data.length) / COUNT)]),
  ]);
  const feeds = {
    [LATENT_INPUT]: { data: Float32Array.from(rows.flat()), shape: [COUNT, width] },
    ...styleFeeds({ latent: width, z: latent, layers: LAYERS }, COUNT, {
      ...{ other, truncation: choice.truncation },
      ...(choice.shares && { shares: Float32Array.from(rows.flatMap(() => choice.shares!)) }),
    }),
  };
  return compute(GENERATED_OUTPUT, styleGeneratorGraph(options, SIZE, weights), feeds);
}

/** Of each value `share` of the first, the rest of the second. */
const between = (first: Float32Array, second: Float32Array, share: number): Float32Array =>
  first.map((value, at) => share * value + (1 - share) * second[at % second.length]!);
const gap = (a: Float32Array, b: Float32Array): number => Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));
const all = (share: number): number[] => new Array<number>(LAYERS).fill(share);

describe("a StyleGAN's generator", () => {
  it('goes from one style to another in w, not in z', async () => {
    const [first, second] = [await stylesOf(z), await stylesOf(other)];
    for (const share of [0, 0.25, 1]) {
      const way = between(first, second, share);
      expect(gap(await generate({ shares: all(share) }), await synthesise(() => way))).toBeLessThan(0.01);
    }
    const inZ = await stylesOf(between(z, other, 0.25));
    expect(gap(await generate({ shares: all(0.25) }), await synthesise(() => inZ))).toBeGreaterThan(5);
  });

  it('draws styles towards their tracked mean by truncation, in all layers', async () => {
    const w = await stylesOf(z);
    for (const truncation of [0, 0.3, 1]) {
      const drawn = between(w, weights[networks.meanStyle.name]!, truncation);
      expect(gap(await generate({ truncation }), await synthesise(() => drawn))).toBeLessThan(0.01);
    }
    expect(gap(await generate({ truncation: 0.3 }), await generate({ truncation: 1 }))).toBeGreaterThan(5);
  });

  it('takes each layer from the style that it is told to, and the noise from the first image', async () => {
    const [first, second] = [await stylesOf(z), await stylesOf(other)];
    for (let from = 0; from <= LAYERS; from++) {
      const shares = all(1).fill(0, from);
      const wanted = await synthesise((layer) => (layer < from ? first : second));
      expect(gap(await generate({ shares }), wanted)).toBeLessThan(0.01);
    }
  });
});
