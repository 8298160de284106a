import { createGraph, type Graph } from '../../graph/graph.ts';
import { input } from '../../graph/operations.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Extent, Tensor } from '../../graph/tensor.ts';
import { constants } from '../scoring-graph.ts';
import { createDecoder, createEncoder, styleLayers, type StylizerShape } from './networks.ts';
import { adaptToStyle, contentLoss, gramLoss, gramMatrix, mixFeatures, styleLoss } from './statistics.ts';

/** A stylizer with what its encoder and decoder have learnt. */
export interface TrainedStylizer {
  readonly shape: StylizerShape;
  readonly weights: Readonly<Record<string, Float32Array>>;
}

/** Height and width of the content and of the style, multiples of the encoder's stride. */
export interface Extents {
  readonly content: Extent;
  readonly style: Extent;
}

/** Names in the graphs: images [1, channels, height, width] in -1 .. 1. */
export const STYLIZE = { content: 'content', style: 'style', image: 'image', adapted: 'adapted' } as const;

const imageInput = (name: string, { channels }: StylizerShape, extent: Extent): Tensor<'input'> =>
  input(name, [1, channels, ...extent]);

/**
 * Content and style -> the image g((1 - alpha) f(c) + alpha AdaIN(f(c), f(s))): Huang and Belongie 2017, equations 8, 9 and 14.
 * Answers the adapted features AdaIN(f(c), f(s)), [1, c, h, w], as well.
 */
export function stylizeGraph({ shape, weights }: TrainedStylizer, extents: Extents, alpha: number): Graph {
  const [content, style] = [
    imageInput(STYLIZE.content, shape, extents.content),
    imageInput(STYLIZE.style, shape, extents.style),
  ];
  const values = constants(weights);
  const top = (x: Tensor): Tensor => createEncoder(shape).apply(x, values).at(-1)!;
  const before = top(content);
  const adapted = adaptToStyle(before, top(style));
  const image = createDecoder(shape).apply(mixFeatures(before, adapted, alpha), values);
  return simplify(createGraph('stylize', [content, style], { [STYLIZE.image]: image, [STYLIZE.adapted]: adapted }));
}

/** Losses of an image as the stylised content, each a mean square of features. */
export const STYLE_LOSSES = ['content', 'style', 'contentFeatures', 'gram'] as const;
export type StyleLosses = Readonly<Record<(typeof STYLE_LOSSES)[number], number>>;
export const lossName = (loss: (typeof STYLE_LOSSES)[number]): string => `loss.${loss}`;

/**
 * An image, its content and its style -> how well it is both: `content` and `style`, which the decoder is trained on (equations 12 and 13),
 * `contentFeatures` and `gram`, which Gatys et al. 2015 minimise (equations 1 and 5).
 */
export function measureGraph({ shape, weights }: TrainedStylizer, extents: Extents): Graph {
  const values = constants(weights);
  const encode = (x: Tensor): readonly Tensor[] => createEncoder(shape).apply(x, values);
  const inputs = [
    imageInput(STYLIZE.image, shape, extents.content),
    imageInput(STYLIZE.content, shape, extents.content),
    imageInput(STYLIZE.style, shape, extents.style),
  ] as const;
  const [y, c, s] = inputs;
  const [fy, fc, fs] = [encode(y), encode(c), encode(s)];
  const [has, wants] = [styleLayers(y, fy), styleLayers(s, fs)];
  const outputs = {
    [lossName('content')]: contentLoss(fy.at(-1)!, adaptToStyle(fc.at(-1)!, fs.at(-1)!)),
    [lossName('style')]: styleLoss(has, wants),
    [lossName('contentFeatures')]: contentLoss(fy.at(-1)!, fc.at(-1)!),
    [lossName('gram')]: gramLoss(has, wants.map(gramMatrix)),
  };
  return simplify(createGraph('measure-style', inputs, outputs));
}
