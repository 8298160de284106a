import {
  add,
  averagePool,
  broadcastTo,
  columns,
  concat,
  downsample,
  leakyRelu,
  matMul,
  multiply,
  reshape,
  sum,
} from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { BATCH_LAYERS, type BatchLayer } from '../layers/batch-layers.ts';
import { createEqualisedConvolution, createEqualisedDense, RECTIFIER_GAIN } from '../layers/equalised.ts';
import type { Network, Parameter, ParameterValues } from '../layers/parameters.ts';
import type { TrainingPass } from '../layers/training-pass.ts';
import { fadeBetween, type Fade } from './fade.ts';
import { labelsBehind } from './labels.ts';
import { STYLE_SLOPE } from './mapping.ts';
import { channelsAt, sizesUpTo, SMALLEST_SIZE, type Channels } from './resolutions.ts';

export interface StyleCriticOptions {
  readonly name: string;
  readonly size: number;
  readonly colours: number;
  /** Labels that images may have; 0 for none. */
  readonly labels: number;
  readonly channels: Channels;
  readonly fade: Fade;
}

/**
 * The critic (Karras et al. 2018, table 2, with the filter of Karras et al. 2019, appendix C): images as rows
 * [n, colours size size] -> [n, 1]. A convolution 1 x 1 (fromRGB); at each size down to 8 two convolutions 3 x 3 and half the
 * size; at 4 x 4 the minibatch's standard deviation as one more channel, a convolution, and two dense layers. While a size is faded
 * in, the image at half the size goes into the layers below, beside what comes from above. Where images have labels, their indicators are
 * behind the pixels [n, colours size size + labels]; zeros in their place ask how real an image is whatever its label.
 */
export function createStyleCritic({ name, size, colours, labels, channels, fade }: StyleCriticOptions): Network {
  const convolution = (of: string, from: number, to: number, kernel: number): Network =>
    createEqualisedConvolution({ name: `${name}.${of}`, from, to, kernel, gain: RECTIFIER_GAIN });
  const fromImage = (at: number): Network => convolution(`image.${at}`, colours, channelsAt(channels, at), 1);
  const [image, before] = [fromImage(size), fade === null ? null : fromImage(size / 2)];
  const blocks = sizesUpTo(size)
    .slice(1)
    .reverse()
    .map((at) => {
      const [from, to] = [channelsAt(channels, at), channelsAt(channels, at / 2)];
      return [convolution(`${at}.0`, from, from, 3), convolution(`${at}.1`, from, to, 3)] as const;
    });
  const last = createLast(name, channelsAt(channels, SMALLEST_SIZE), labels);
  const width = colours * size ** 2;
  return {
    parameters: [
      ...[image, ...(before ? [before] : []), ...blocks.flat()].flatMap(({ parameters }) => parameters),
      ...last.parameters,
    ],
    apply: (rows, values, pass) => {
      assertShape(rows, [null, width + labels]);
      const pixels = labels === 0 ? rows : columns(rows, 0, width);
      const x = reshape(pixels, [rows.shape[0]!, colours, size, size]);
      const rectify = (layer: Network, h: Tensor): Tensor => leakyRelu(layer.apply(h, values), STYLE_SLOPE);
      const top = blocks.reduce(
        (h, [first, second], index) => {
          const below = downsample(rectify(second, rectify(first, h)));
          if (index > 0 || fade === null || before === null) return below;
          return fadeBetween(rectify(before, averagePool(x, 2)), below, fade);
        },
        rectify(image, x),
      );
      return last.apply(top, labelsBehind(rows, width, labels), values, pass);
    },
  };
}

interface LastLayers {
  readonly parameters: readonly Parameter[];
  apply(h: Tensor, labels: Tensor | null, values: ParameterValues, pass?: TrainingPass): Tensor;
}

/**
 * What is behind the 4 x 4 features: [n, channels, 4, 4] -> [n, 1]. With labels y the last features phi give psi(phi) + y V phi (Miyato and
 * Koyama 2018, equation 3), V with an equalised learning rate as well.
 */
function createLast(name: string, channels: number, labels: number): LastLayers {
  const area = SMALLEST_SIZE ** 2;
  const spread = BATCH_LAYERS.deviation({
    ...{ name: `${name}.batch`, features: channels * area, kernels: 1, kernelWidth: 1 },
  });
  const convolution = createEqualisedConvolution({
    ...{ name: `${name}.${SMALLEST_SIZE}`, from: channels + 1, to: channels, kernel: 3, gain: RECTIFIER_GAIN },
  });
  const dense = createEqualisedDense({
    ...{ name: `${name}.dense`, from: channels * area, to: channels, gain: RECTIFIER_GAIN },
  });
  const unit = createEqualisedDense({ name: `${name}.last`, from: channels, to: 1, gain: 1 });
  const projection: Parameter = { name: `${name}.label`, shape: [labels, channels], deviation: 1 };
  return {
    parameters: [
      ...[spread, convolution, dense, unit].flatMap(({ parameters }) => parameters),
      ...(labels === 0 ? [] : [projection]),
    ],
    apply: (h, indicators, values, pass) => {
      const n = h.shape[0]!;
      const seen = withSpread(h, spread, values, pass);
      const wide = leakyRelu(convolution.apply(seen, values), STYLE_SLOPE);
      const flat = leakyRelu(dense.apply(reshape(wide, [n, channels * area]), values), STYLE_SLOPE);
      const f = unit.apply(flat, values);
      if (indicators === null) return f;
      const wanted = multiply(matMul(indicators, values(projection)), 1 / Math.sqrt(channels));
      return add(f, sum(multiply(wanted, flat), [1], true));
    },
  };
}

/** The batch layer's one feature as a channel of its own, the same at every pixel. */
function withSpread(h: Tensor, layer: BatchLayer, values: ParameterValues, pass: TrainingPass | undefined): Tensor {
  const n = h.shape[0]!;
  const [channels, height, width] = h.shape.slice(1).map(Number) as [number, number, number];
  const features = channels * height * width;
  const seen = layer.apply(reshape(h, [n, features]), values, pass);
  const feature = reshape(columns(seen, features, features + 1), [n, 1, 1, 1]);
  return concat([h, broadcastTo(feature, [n, 1, height, width])], 1);
}
