import { add, columns, enlarge, leakyRelu, multiply, reshape, upsample } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { createEqualisedConvolution, createEqualisedDense, RECTIFIER_GAIN } from '../layers/equalised.ts';
import { adaptInstances } from '../layers/feature-statistics.ts';
import type { Network, Parameter, ParameterValues } from '../layers/parameters.ts';
import { fadeBetween, type Fade } from './fade.ts';
import { STYLE_SLOPE } from './mapping.ts';
import { channelsAt, layersUpTo, sizeOfLayer, SMALLEST_SIZE, type Channels } from './resolutions.ts';

export interface SynthesisOptions {
  readonly name: string;
  readonly size: number;
  /** Colours of the image. */
  readonly colours: number;
  readonly channels: Channels;
  /** Width of a style. */
  readonly latent: number;
  readonly fade: Fade;
}

/** What a layer is given: the style [n, latent] and the noise [n, 1, size, size] of each. */
export interface LayerInputs {
  readonly style: (layer: number) => Tensor;
  readonly noise: (layer: number, size: number) => Tensor;
}

export interface Synthesis {
  readonly parameters: readonly Parameter[];
  /** Images [n, colours, size, size], about -1 .. 1. */
  apply(inputs: LayerInputs, values: ParameterValues): Tensor;
}

/**
 * The synthesis network (Karras et al. 2019, figure 1b): a learned constant 4 x 4; at each size two layers, each of a convolution
 * (none in the first), noise of one value a pixel times a learned factor for each channel, a leaky ReLU and AdaIN by the layer's
 * style; the image by a convolution 1 x 1 (ProGAN's toRGB). Twice the size by repetition and the binomial filter (appendix C).
 * While a size is faded in, the image of the size before is kept, enlarged by repetition (Karras et al. 2018, figure 2).
 */
export function createSynthesis(options: SynthesisOptions): Synthesis {
  const { name, size, colours, channels, fade } = options;
  const layers = Array.from({ length: layersUpTo(size) }, (_, layer) => createLayer(options, layer));
  const start: Parameter = {
    name: `${name}.start`,
    shape: [1, channelsAt(channels, SMALLEST_SIZE), SMALLEST_SIZE, SMALLEST_SIZE],
    deviation: 1,
  };
  const toImage = (at: number): Network =>
    createEqualisedConvolution({
      ...{ name: `${name}.image.${at}`, from: channelsAt(channels, at), to: colours, kernel: 1, gain: 1 },
    });
  const [image, before] = [toImage(size), fade === null ? null : toImage(size / 2)];
  return {
    parameters: [
      start,
      ...layers.flatMap(({ parameters }) => parameters),
      ...image.parameters,
      ...(before?.parameters ?? []),
    ],
    apply: (inputs, values) => {
      const features = layers.reduce<Tensor[]>(
        (below, layer) => [...below, layer.apply(below.at(-1)!, inputs, values)],
        [values(start)],
      );
      const fresh = image.apply(features.at(-1)!, values);
      if (fade === null || before === null) return fresh;
      return fadeBetween(enlarge(before.apply(features.at(-3)!, values), 2), fresh, fade);
    },
  };
}

interface StyledLayer {
  readonly parameters: readonly Parameter[];
  apply(x: Tensor, inputs: LayerInputs, values: ParameterValues): Tensor;
}

function createLayer({ name, channels, latent }: SynthesisOptions, layer: number): StyledLayer {
  const of = `${name}.${layer}`;
  const size = sizeOfLayer(layer);
  const isUp = layer > 0 && layer % 2 === 0;
  const [from, to] = [channelsAt(channels, isUp ? size / 2 : size), channelsAt(channels, size)];
  const convolution =
    layer === 0 ? null : createEqualisedConvolution({ name: of, from, to, kernel: 3, gain: RECTIFIER_GAIN });
  const loudness: Parameter = { name: `${of}.noise`, shape: [1, to, 1, 1], deviation: 0 };
  const style = createEqualisedDense({ name: `${of}.style`, from: latent, to: 2 * to, gain: 1 });
  return {
    parameters: [...(convolution?.parameters ?? []), loudness, ...style.parameters],
    apply: (x, inputs, values) => {
      const wide = isUp ? upsample(x) : x;
      const h = convolution ? convolution.apply(wide, values) : wide;
      const noise = inputs.noise(layer, size);
      assertShape(noise, [null, 1, size, size]);
      const rectified = leakyRelu(add(h, multiply(noise, values(loudness))), STYLE_SLOPE);
      const y = style.apply(inputs.style(layer), values); // [n, 2 to]: the scale's difference from 1, and the offset
      const part = (at: number): Tensor => reshape(columns(y, at * to, (at + 1) * to), [y.shape[0]!, to, 1, 1]);
      return adaptInstances(rectified, add(part(0), 1), part(1));
    },
  };
}
