import { createGraph, type Graph } from '../../graph/graph.ts';
import {
  add,
  broadcastTo,
  clip,
  columns,
  constant,
  input,
  multiply,
  negate,
  reshape,
  subtract,
} from '../../graph/operations.ts';
import { BATCH } from '../../graph/shape.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { CONDITION_INPUT, GENERATED_OUTPUT, LATENT_INPUT } from '../generator-graph.ts';
import { PIXEL_MIDDLE } from '../images/image-critic.ts';
import type { ParameterValues } from '../layers/parameters.ts';
import { averagedValues } from '../optimisers/weight-average.ts';
import { constants, ROWS_INPUT, SCORES_OUTPUT } from '../scoring-graph.ts';
import { createNetworks, mixStyles, type StyleGanOptions } from './game.ts';
import { toIndicators, withLabels } from './labels.ts';
import { layersUpTo, sizeOfLayer } from './resolutions.ts';

/**
 * Further inputs of a style generator's generator.onnx. Its `latent` [N, z width + noise width] is z, then one number for each pixel of
 * each layer's noise.
 */
export const STYLE_INPUTS = {
  /** A second latent z [N, z width], whose style is mixed in. */
  other: 'otherLatent',
  /** The share of the first style in each layer [N, layers]: 1 for it alone; the same in all layers is a way between both. */
  shares: 'shares',
  /** How far styles keep from their mean [N, 1]: 1 as they are, 0 all the mean (Karras et al. 2019, appendix B). */
  truncation: 'truncation',
} as const;

type Weights = Readonly<Record<string, Float32Array>>;

/**
 * Generated images as raw rows [N, colours size size] in 0 .. 255, by the averaged weights where there are averages. Where images have
 * labels, the place of each one's label goes in, too, as `condition` [N, 1].
 */
export function styleGeneratorGraph(options: StyleGanOptions, size: number, weights: Weights): Graph {
  const { latent, colours, labels, rules } = options;
  const layers = layersUpTo(size);
  const networks = createNetworks(options, size, null);
  const learnt = constants(weights);
  const values: ParameterValues = rules.generatorAverage > 0 ? averagedValues(learnt) : learnt;
  const starts = noiseStarts(latent, layers);
  const z = input(LATENT_INPUT, [BATCH, starts[layers]!]);
  const other = input(STYLE_INPUTS.other, [BATCH, latent]);
  const shares = input(STYLE_INPUTS.shares, [BATCH, layers]);
  const truncation = input(STYLE_INPUTS.truncation, [BATCH, 1]);
  const condition = labels === 0 ? null : input(CONDITION_INPUT, [BATCH, 1]);
  const indicators = condition && toIndicators(condition, labels);
  const mean = learnt(networks.meanStyle);
  const styleOf = (of: Tensor): Tensor =>
    add(mean, multiply(truncation, subtract(networks.mapping.apply(withLabels(of, indicators), values), mean)));
  const [first, second] = [styleOf(columns(z, 0, latent)), styleOf(other)];
  const images = networks.synthesis.apply(
    {
      style: (layer) => mixStyles(first, second, columns(shares, layer, layer + 1)),
      noise: (layer, at) => reshape(columns(z, starts[layer]!, starts[layer + 1]!), [BATCH, 1, at, at]),
    },
    values,
  );
  const pixels = clip(multiply(add(images, 1), PIXEL_MIDDLE), 0, 255);
  const rows = reshape(pixels, [BATCH, colours * size ** 2]);
  const inputs = [z, other, shares, truncation, ...(condition ? [condition] : [])];
  return simplify(createGraph('generator', inputs, { [GENERATED_OUTPUT]: rows }));
}

/** Where in the latent each layer's noise begins, and where the last one's ends. */
function noiseStarts(latent: number, layers: number): number[] {
  const starts = [latent];
  for (let layer = 0; layer < layers; layer++) starts.push(starts[layer]! + sizeOfLayer(layer) ** 2);
  return starts;
}

/** The own critic, negated: a paper's critic is high on normal images. Whatever an image's label, which nobody says here. */
export function styleCriticGraph(options: StyleGanOptions, size: number, weights: Weights): Graph {
  const { critic } = createNetworks(options, size, null);
  const rows = input(ROWS_INPUT, [BATCH, options.colours * size ** 2]);
  const pixels = subtract(multiply(rows, 1 / PIXEL_MIDDLE), 1);
  const unlabelled = options.labels === 0 ? null : broadcastTo(constant(0), [BATCH, options.labels]);
  const f = critic.apply(withLabels(pixels, unlabelled), constants(weights));
  return simplify(createGraph('own-critic', [rows], { [SCORES_OUTPUT]: reshape(negate(f), [BATCH]) }));
}
