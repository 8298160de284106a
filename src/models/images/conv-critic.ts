import { add, leakyRelu, matMul, reshape } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import { createConvolution, heDeviation, type Convolution } from '../layers/convolution.ts';
import type { Network, Parameter } from '../layers/parameters.ts';
import type { Planes } from './warp.ts';

export interface ConvCriticOptions extends Planes {
  readonly name: string;
  /** Channels of the first layer; each next one has twice as many, at most four times. */
  readonly width: number;
  /** Units of the dense layer. */
  readonly hidden: number;
  readonly slope: number;
}

/** Height and width at which the image is laid out flat. */
const LAST_SIZE = 4;
/** The most channels of a layer, in times those of the first. */
const MOST_WIDTHS = 4;

/** Channels of so many layers, first to last. */
export const layerWidths = (width: number, layers: number): readonly number[] =>
  Array.from({ length: layers }, (_, layer) => width * Math.min(MOST_WIDTHS, 2 ** layer));

/** Layers that bring images of a size down to 4 x 4. */
export const layersFrom = (size: number): number => Math.log2(size / LAST_SIZE);

/**
 * The first convolutions of the critic: 4x4 by 2, each halves height and width where a border of 1 is around the image - zeros, unless whoever
 * applies them puts another one there, and `padding` is 0.
 */
export function criticConvolutions(
  { name, channels, width, slope }: Omit<ConvCriticOptions, 'size' | 'hidden'>,
  layers: number,
  padding = 1,
): readonly Convolution[] {
  const widths = layerWidths(width, layers);
  return widths.map((out, index) =>
    createConvolution({
      ...{ name: `${name}.${index}`, channels: index === 0 ? channels : widths[index - 1]!, out, slope },
      ...{ kernel: 4, stride: 2, padding },
    }),
  );
}

/**
 * A critic of images [n, channels, size, size] -> [n, 1]: 4x4 convolutions by 2 down to 4 x 4, a dense layer, and one unit, leaky ReLUs
 * between them and no normalisation. Weights start as He et al. 2015 have it, the last layer's as N(0, 1 / fanIn), biases at 0.
 */
export function createConvCritic(options: ConvCriticOptions): Network {
  const { name, channels, size, width, hidden, slope } = options;
  const layers = criticConvolutions(options, layersFrom(size));
  const flat = layerWidths(width, layers.length).at(-1)! * LAST_SIZE ** 2;
  const dense = (of: string, fanIn: number, units: number, deviation: number): readonly [Parameter, Parameter] => [
    { name: `${name}.${of}.weight`, shape: [fanIn, units], deviation },
    { name: `${name}.${of}.bias`, shape: [units], deviation: 0 },
  ];
  const [weight, bias] = dense('dense', flat, hidden, heDeviation(flat, slope));
  const [lastWeight, lastBias] = dense('last', hidden, 1, Math.sqrt(1 / hidden));
  return {
    parameters: [...layers.flatMap(({ parameters }) => parameters), weight, bias, lastWeight, lastBias],
    apply: (x, values) => {
      assertShape(x, [null, channels, size, size]);
      const h = layers.reduce((below, layer) => leakyRelu(layer.apply(below, values), slope), x);
      const wide = leakyRelu(add(matMul(reshape(h, [x.shape[0]!, flat]), values(weight)), values(bias)), slope);
      return add(matMul(wide, values(lastWeight)), values(lastBias));
    },
  };
}
