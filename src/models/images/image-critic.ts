import type { RandomStream } from '../../base/philox.ts';
import { gradients } from '../../graph/gradients.ts';
import { add, divide, mean, multiply, reshape, rows, square, subtract, sum } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { ParameterValues } from '../layers/parameters.ts';
import { between, logisticLoss } from '../losses.ts';
import { updateParameters, type OptimiserOptions } from '../optimisers/optimiser.ts';
import { SCHEDULES } from '../optimisers/schedules.ts';
import { createStepBuilder } from '../step-builder.ts';
import type { TrainingTask } from '../task.ts';
import { createConvCritic } from './conv-critic.ts';
import { createDice } from './dice.ts';
import { IMAGE_NEGATIVES, type ImageNegative } from './negatives.ts';
import type { Planes } from './warp.ts';

export interface ImageCriticOptions {
  readonly name: string;
  /** Channels of the first layer, and units of the dense one. */
  readonly width: number;
  readonly hidden: number;
  readonly slope: number;
  readonly negatives: readonly ImageNegative[];
  /** Pairs of an image and its negative in a step, and how many of them the penalty is taken on. */
  readonly batch: number;
  readonly penalised: number;
  readonly penaltyWeight: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly optimiser: Omit<OptimiserOptions, 'learningRate'>;
}

/** Normal images, [count, channels size size], values in [-1, 1]. */
export interface TrainingImages extends Planes {
  readonly count: number;
  readonly values: Float32Array;
}

export interface ImageCriticPlan {
  readonly task: TrainingTask;
  /** Raw pixels [n, channels size size] in 0 .. 255 -> [n, 1]; high = anomalous. */
  score(pixels: Tensor, values: ParameterValues): Tensor;
}

/** Negatives do not leave this, by which contrast and brightness stay visible. */
const CLAMP = 1.5;
/** Pixels 0 .. 255 -> [-1, 1]. */
export const PIXEL_MIDDLE = 127.5;

/**
 * A convolutional critic that tells normal images x from copies of them that were moved off the normal ones, y
 * (image-critic.md, section "Recipe"; docs/decisions/0019):
 *
 *   loss = mean softplus(f(x)) + mean softplus(-f(y)) + lambda mean |d f / d xi|^2,  xi = x + u (y - x), u ~ U(0, 1)
 *
 * The penalty is zero-centred, and each image is paired with its own copy. Pairs are drawn in TypeScript and come in as data.
 */
export function planImageCritic(options: ImageCriticOptions, images: TrainingImages): ImageCriticPlan {
  const { name, batch, penalised, penaltyWeight, steps } = options;
  const { channels, size } = images;
  const network = createConvCritic({ ...options, channels, size });
  const step = createStepBuilder();
  const pairs = step.made('pairs', [2 * batch, channels, size, size], (out, stream, at) => {
    fillPairs(out, images, options, stream, at);
  });
  const f = network.apply(pairs, step.parameters);
  const [fx, fy] = [rows(f, 0, batch), rows(f, batch, 2 * batch)];
  const last = (end: number): Tensor => rows(pairs, end - penalised, end);
  const xi = between(last(batch), last(2 * batch), step.uniform('mix', [penalised, 1, 1, 1]));
  const [g] = gradients(network.apply(xi, step.parameters), [xi]);
  const penalty = mean(sum(square(g!), [1, 2, 3]));
  const loss = add(logisticLoss(fy, fx), multiply(penalty, penaltyWeight));
  step.report('criticLoss', loss);
  step.report('penalty', penalty);
  step.report('meanDifference', subtract(mean(fy), mean(fx)));
  const learningRate = SCHEDULES['half-then-linear'](options.learningRate, steps);
  const update = { name: 'update', loss, parameters: network.parameters, update: (at: number) => at };
  updateParameters(step, { ...options.optimiser, learningRate }, update);
  return {
    task: step.finish({
      ...{ name, title: 'detecting critic of images', steps, updatesPerStep: 1 },
      remedy: 'Lower --learning-rate',
    }),
    score: (pixels, values) => {
      const x = subtract(divide(pixels, PIXEL_MIDDLE), 1);
      return network.apply(reshape(x, [pixels.shape[0]!, channels, size, size]), values);
    },
  };
}

/** x [batch, ...], then y [batch, ...]. Each kind of negative has its share of the rows; which one is drawn anew in each step. */
function fillPairs(
  out: Float32Array,
  images: TrainingImages,
  { batch, negatives }: ImageCriticOptions,
  stream: RandomStream,
  step: number,
): void {
  const dice = createDice(stream, step);
  const width = images.channels * images.size ** 2;
  const draw = (): Float32Array => {
    const start = dice.whole(0, images.count - 1) * width;
    return images.values.subarray(start, start + width);
  };
  const sources = Array.from({ length: batch }, draw);
  const others = Array.from({ length: batch }, draw);
  const results = Array.from({ length: batch }, (_, row) =>
    out.subarray((batch + row) * width, (batch + row + 1) * width),
  );
  sources.forEach((source, row) => out.set(source, row * width));
  const edges = Array.from({ length: negatives.length + 1 }, (_, at) => Math.round((at * batch) / negatives.length));
  dice.order(negatives.length).forEach((kind, place) => {
    const part = <T>(of: readonly T[]): readonly T[] => of.slice(edges[place], edges[place + 1]);
    const group = { image: images, sources: part(sources), others: part(others), results: part(results), dice };
    if (group.sources.length > 0) IMAGE_NEGATIVES[negatives[kind]!](group);
  });
  const made = out.subarray(batch * width);
  made.forEach((value, at) => (made[at] = Math.min(CLAMP, Math.max(-CLAMP, value))));
}
