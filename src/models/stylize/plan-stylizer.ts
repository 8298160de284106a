import { add, detach, multiply } from '../../graph/operations.ts';
import { PIXEL_MIDDLE } from '../images/image-critic.ts';
import type { ConvCriticOptions } from '../images/conv-critic.ts';
import { createDice, type Dice } from '../images/dice.ts';
import { updateParameters } from '../optimisers/optimiser.ts';
import { SCHEDULES } from '../optimisers/schedules.ts';
import { createStepBuilder } from '../step-builder.ts';
import type { TrainingTask } from '../task.ts';
import { createDecoder, createEncoder, styleLayers, type StylizerShape } from './networks.ts';
import { adaptToStyle, contentLoss, styleLoss } from './statistics.ts';

/** Images to draw from: raw rows [n, channels size size] in 0 .. 255, and which of them. */
export interface ImagePool {
  readonly rows: Float32Array;
  readonly chosen: Uint32Array;
}

export interface StylizerOptions {
  /** The critic whose first layers encode. */
  readonly network: ConvCriticOptions;
  readonly layers: number;
  /** Pairs of a content and a style in a step. */
  readonly batch: number;
  readonly steps: number;
  readonly learningRate: number;
  /** What the style loss counts beside the content loss: lambda in the paper's equation 11. */
  readonly styleWeight: number;
}

export interface StylizerPlan {
  readonly task: TrainingTask;
  readonly shape: StylizerShape;
}

/**
 * Trains a decoder g behind the layers f of a critic, which stay as they are (Huang and Belongie 2017, section 6.2):
 *
 *   t = AdaIN(f(c), f(s)),  loss = |f(g(t)) - t|^2 + lambda sum over layers of (means and deviations of g(t) - those of s)^2
 *
 * Deviations: the encoder is a small critic trained here, and no VGG-19; losses are mean squares; the image itself counts as a layer of the style.
 */
export function planStylizer(options: StylizerOptions, contents: ImagePool, styles: ImagePool): StylizerPlan {
  const { batch, steps, styleWeight } = options;
  const { name, channels, width, slope, size } = options.network;
  const shape = { name, channels, width, slope, layers: options.layers };
  const [encoder, decoder] = [createEncoder(shape), createDecoder(shape)];
  const step = createStepBuilder();
  const drawn = (of: string, pool: ImagePool) =>
    step.made(of, [batch, channels, size, size], (out, stream, at) =>
      fillImages(out, batch, pool, createDice(stream, at)),
    );
  const [c, s] = [drawn('contents', contents), drawn('styles', styles)];
  const encode = (x: typeof c) => encoder.apply(x, step.parameters);
  const wanted = encode(s).map(detach);
  const t = detach(adaptToStyle(encode(c).at(-1)!, wanted.at(-1)!));
  const image = decoder.apply(t, step.parameters);
  const features = encode(image);
  const losses = {
    content: contentLoss(features.at(-1)!, t),
    style: styleLoss(styleLayers(image, features), styleLayers(s, wanted)),
  };
  const loss = add(losses.content, multiply(losses.style, styleWeight));
  step.report('loss', loss);
  step.report('contentLoss', losses.content);
  step.report('styleLoss', losses.style);
  const learningRate = SCHEDULES['half-then-linear'](options.learningRate, steps);
  const optimiser = { kind: 'adam', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, learningRate } as const;
  updateParameters(step, optimiser, { name: 'update', loss, parameters: decoder.parameters, update: (at) => at });
  const task = step.finish({
    ...{ name: 'stylizer', title: 'decoder of styles', steps, updatesPerStep: 1 },
    remedy: 'Lower --style-weight',
  });
  return { task, shape };
}

/** Images drawn at random, in -1 .. 1. */
function fillImages(out: Float32Array, count: number, { rows, chosen }: ImagePool, dice: Dice): void {
  const width = out.length / count;
  for (let image = 0; image < count; image++) {
    const start = chosen[dice.whole(0, chosen.length - 1)]! * width;
    for (let at = 0; at < width; at++) out[image * width + at] = rows[start + at]! / PIXEL_MIDDLE - 1;
  }
}
