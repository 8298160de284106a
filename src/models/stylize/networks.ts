import { enlarge, leakyRelu } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { criticConvolutions, layerWidths, type ConvCriticOptions } from '../images/conv-critic.ts';
import { repeatBorder } from '../layers/border.ts';
import { createConvolution } from '../layers/convolution.ts';
import type { Network, Parameter, ParameterValues } from '../layers/parameters.ts';

/** What encoder and decoder are like. */
export interface StylizerShape extends Pick<ConvCriticOptions, 'name' | 'channels' | 'width' | 'slope'> {
  /** Layers of the critic that the encoder has. */
  readonly layers: number;
}

/** The critic's first layers. The critic sees zeros around an image; here its border is repeated, since zeros would show at the edges of the result. */
export interface Encoder {
  readonly parameters: readonly Parameter[];
  /** Images [b, channels, h, w] in -1 .. 1 -> what each layer makes of them, [b, c, h / 2, w / 2] and so on. */
  apply(x: Tensor, values: ParameterValues): readonly Tensor[];
}

/** Heights and widths must be a multiple of this. */
export const strideOf = ({ layers }: Pick<StylizerShape, 'layers'>): number => 2 ** layers;

/** What a style is of: the image itself, and each layer's features. Deviation: the paper has layers alone. */
export const styleLayers = (image: Tensor, features: readonly Tensor[]): readonly Tensor[] => [image, ...features];

export function createEncoder(shape: StylizerShape): Encoder {
  const convolutions = criticConvolutions(shape, shape.layers, 0);
  return {
    parameters: convolutions.flatMap(({ parameters }) => parameters),
    apply: (x, values) => {
      assertShape(x, [null, shape.channels, null, null]);
      const features: Tensor[] = [];
      for (const convolution of convolutions) {
        features.push(leakyRelu(convolution.apply(repeatBorder(features.at(-1) ?? x), values), shape.slope));
      }
      return features;
    },
  };
}

const KERNEL = { kernel: 3, stride: 1, padding: 0 } as const;

/**
 * The decoder mirrors the encoder (Huang and Belongie 2017, section 6.1): a 3x3 convolution at each size, each pixel enlarged to four before
 * the next, and no normalisation, since that would make the styles of a batch, or of an image's parts, alike.
 * [b, c, h, w] -> images [b, channels, strideOf h, strideOf w], about -1 .. 1. Deviation: an image's border is repeated around it, where the paper reflects
 * the image.
 */
export function createDecoder({ name, channels, width, slope, layers }: StylizerShape): Network {
  const widths = layerWidths(width, layers).toReversed();
  const convolution = (of: string, from: number, out: number, rectified: number) =>
    createConvolution({ name: `${name}.decoder.${of}`, channels: from, out, slope: rectified, ...KERNEL });
  const first = convolution('first', widths[0]!, widths[0]!, slope);
  const blocks = widths.map((from, index) => convolution(`${index}`, from, widths[index + 1] ?? width, slope));
  // A slope of 1: no rectifier follows.
  const last = convolution('last', width, channels, 1);
  return {
    parameters: [first, ...blocks, last].flatMap(({ parameters }) => parameters),
    apply: (t, values) => {
      assertShape(t, [null, widths[0]!, null, null]);
      const top = leakyRelu(first.apply(repeatBorder(t), values), slope);
      const image = blocks.reduce(
        (h, block) => leakyRelu(block.apply(repeatBorder(enlarge(h, 2)), values), slope),
        top,
      );
      return last.apply(repeatBorder(image), values);
    },
  };
}
