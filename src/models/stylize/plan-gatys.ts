import { createGraph, type Graph } from '../../graph/graph.ts';
import { add, clip, input, multiply } from '../../graph/operations.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { updateParameters } from '../optimisers/optimiser.ts';
import { SCHEDULES } from '../optimisers/schedules.ts';
import { constants } from '../scoring-graph.ts';
import { createStepBuilder } from '../step-builder.ts';
import type { TrainingTask } from '../task.ts';
import { createEncoder, styleLayers } from './networks.ts';
import { contentLoss, gramLoss, gramMatrix } from './statistics.ts';
import { STYLIZE, type Extents, type TrainedStylizer } from './stylizer-graphs.ts';

export interface GatysOptions {
  readonly steps: number;
  /** Of Adam, on pixels in -1 .. 1. */
  readonly learningRate: number;
  /** What the style loss counts beside the content loss: beta / alpha in the paper's equation 7. */
  readonly styleWeight: number;
}

/** The state that is the image, and what the step compares its features with. */
export const GATYS = {
  image: 'image',
  content: 'contentFeatures',
  gram: (layer: number): string => `gram.${layer}`,
} as const;

/** Content and style -> the features and Gram matrices that the image is to have, by the names that the step takes them by. */
export function gatysTargets({ shape, weights }: TrainedStylizer, extents: Extents): Graph {
  const [content, style] = [
    input(STYLIZE.content, [1, shape.channels, ...extents.content]),
    input(STYLIZE.style, [1, shape.channels, ...extents.style]),
  ];
  const encode = (x: Tensor): readonly Tensor[] => createEncoder(shape).apply(x, constants(weights));
  const grams = styleLayers(style, encode(style)).map((features, layer) => [GATYS.gram(layer), gramMatrix(features)]);
  const outputs = {
    [GATYS.content]: encode(content).at(-1)!,
    ...(Object.fromEntries(grams) as Record<string, Tensor>),
  };
  return simplify(createGraph('gatys-targets', [content, style], outputs));
}

/**
 * Gatys, Ecker and Bethge 2015, "A Neural Algorithm of Artistic Style": the pixels themselves are changed until the encoder sees the content's
 * features and the style's Gram matrices (equation 7). Slow, and the reference for what a decoder does in one pass.
 *
 * Deviations: a critic trained here in the place of VGG-19; Adam in the place of L-BFGS; it begins with the content and not with noise; means
 * in the place of sums; pixels stay in -1 .. 1.
 */
export function planGatys(stylizer: TrainedStylizer, targets: Graph, options: GatysOptions): TrainingTask {
  const { shape, weights } = stylizer;
  const encoder = createEncoder(shape);
  const content = targets.inputs.find(({ attributes }) => attributes.name === STYLIZE.content)!;
  const pixels = { name: GATYS.image, shape: content.shape as readonly number[], deviation: 0 };
  const step = createStepBuilder();
  const image = step.parameters(pixels);
  const features = encoder.apply(image, constants(weights));
  const target = (name: string): Tensor => step.shared(name, targets.outputs[name]!.shape as readonly number[]);
  const layers = styleLayers(image, features);
  const ofContent = contentLoss(features.at(-1)!, target(GATYS.content));
  const ofStyle = gramLoss(
    layers,
    layers.map((_, layer) => target(GATYS.gram(layer))),
  );
  const loss = add(ofContent, multiply(ofStyle, options.styleWeight));
  step.report('loss', loss);
  const learningRate = SCHEDULES['half-then-linear'](options.learningRate, options.steps);
  const optimiser = { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, learningRate } as const;
  updateParameters(step, optimiser, {
    ...{ name: 'update', loss, parameters: [pixels], update: (at: number) => at },
    constrain: (value) => clip(value, -1, 1),
  });
  return step.finish({ name: 'gatys', title: "Gatys' optimisation", steps: options.steps, updatesPerStep: 1 });
}
