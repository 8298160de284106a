import { gradients } from '../../graph/gradients.ts';
import { add, divide, mean, multiply, reshape, rows, square, subtract, sum } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { ParameterValues } from '../layers/parameters.ts';
import { between, logisticLoss } from '../losses.ts';
import { updateParameters, type OptimiserOptions } from '../optimisers/optimiser.ts';
import { SCHEDULES } from '../optimisers/schedules.ts';
import { createStepBuilder } from '../step-builder.ts';
import type { TrainingTask } from '../task.ts';
import { createConvCritic, type ConvCriticOptions } from './conv-critic.ts';
import { createDice, type Dice } from './dice.ts';
import { IMAGE_NEGATIVES, type ImageNegative } from './negatives.ts';
import { viewPatches, viewWhole, type TrainingImages, type View } from './views.ts';

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
  /** Height and width of the patches that are looked at one by one; the image whole when absent. */
  readonly patchSize?: number | undefined;
  readonly steps: number;
  readonly learningRate: number;
  readonly optimiser: Omit<OptimiserOptions, 'learningRate'>;
}

export interface ImageCriticPlan {
  readonly task: TrainingTask;
  /** Images that go through the network in a step, negatives included. */
  readonly images: number;
  /** What the network is like, for what else is made of its layers. */
  readonly network: ConvCriticOptions;
  /** What it is trained against. */
  readonly negatives: readonly ImageNegative[];
  /** Raw pixels [n, channels size size] in 0 .. 255 -> [n, 1]; high = anomalous. */
  score(pixels: Tensor, values: ParameterValues): Tensor;
}

/** Where a module runs in a context of its own, as under test, each look at a global takes longer than the pixel. */
const { max, min } = Math;

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
  const { name, batch, penalised, penaltyWeight, steps, patchSize } = options;
  const { channels, size } = images;
  const view = patchSize === undefined ? viewWhole(images) : viewPatches(images, patchSize);
  const { piece, inputs } = view;
  const { width, hidden, slope } = options;
  const like = { name, width, hidden, slope, channels: inputs, size: piece.size };
  const network = createConvCritic(like);
  const step = createStepBuilder();
  const pairs = step.made('pairs', [2 * batch, inputs, piece.size, piece.size], (out, stream, at) => {
    fillPairs(out, { images, view, options }, createDice(stream, at));
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
    ...{ images: 2 * batch, network: like, negatives: options.negatives },
    task: step.finish({
      ...{ name, title: 'detecting critic of images', steps, updatesPerStep: 1 },
      remedy: 'Lower --learning-rate',
    }),
    score: (pixels, values) => {
      const x = subtract(divide(pixels, PIXEL_MIDDLE), 1);
      const pieces = view.look(reshape(x, [pixels.shape[0]!, channels, size, size]));
      return view.pool(network.apply(pieces, values));
    },
  };
}

interface PairSource {
  readonly images: TrainingImages;
  readonly view: View;
  readonly options: ImageCriticOptions;
}

/** x [batch, ...], then y [batch, ...]. Each kind of negative has its share of the rows; which one is drawn anew in each step. */
function fillPairs(out: Float32Array, { images, view, options }: PairSource, dice: Dice): void {
  const { batch, negatives } = options;
  const width = view.piece.channels * view.piece.size ** 2;
  const stride = view.inputs * view.piece.size ** 2;
  const sources = Array.from({ length: batch }, () => view.draw(images, dice));
  const others = Array.from({ length: batch }, () => view.draw(images, dice).pixels);
  const results = Array.from({ length: batch }, (_, row) => {
    const start = (batch + row) * stride;
    return out.subarray(start, start + width);
  });
  sources.forEach(({ pixels, beside }, row) => {
    out.set(pixels, row * stride);
    for (const start of [row * stride, (batch + row) * stride]) out.set(beside, start + width);
  });
  const edges = Array.from({ length: negatives.length + 1 }, (_, at) => Math.round((at * batch) / negatives.length));
  const pixels = sources.map((source) => source.pixels);
  dice.order(negatives.length).forEach((kind, place) => {
    const part = <T>(of: readonly T[]): readonly T[] => of.slice(edges[place], edges[place + 1]);
    const group = { image: view.piece, sources: part(pixels), others: part(others), results: part(results), dice };
    if (group.sources.length > 0) IMAGE_NEGATIVES[negatives[kind]!](group);
  });
  for (const made of results) {
    for (let at = 0; at < made.length; at++) made[at] = min(CLAMP, max(-CLAMP, made[at]!));
  }
}
