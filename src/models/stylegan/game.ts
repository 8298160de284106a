import { add, columns, gatherRows, mean, multiply, reshape, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { generatorTurn, turnsOf, writeGame, type GameRules, type Players } from '../adversarial/game.ts';
import { TRAINING_ROWS } from '../critics/critic-plan.ts';
import { createDice } from '../images/dice.ts';
import type { Parameter } from '../layers/parameters.ts';
import { decayAt } from '../optimisers/weight-average.ts';
import { createStepBuilder, type StepBuilder } from '../step-builder.ts';
import type { MakeDraw, TrainingTask } from '../task.ts';
import { augmentImages, type AugmentationName } from './augment.ts';
import { createStyleCritic } from './critic.ts';
import { fadeImages, type Fade } from './fade.ts';
import { labelsBehind, toIndicators, withLabels, withoutLabels } from './labels.ts';
import { createMapping } from './mapping.ts';
import type { Phase } from './phases.ts';
import { layersUpTo, type Channels } from './resolutions.ts';
import { createSynthesis } from './synthesis.ts';

export interface StyleGanOptions {
  /** Prefix of the names of tasks and parameters. */
  readonly name: string;
  readonly title: string;
  readonly remedy: string;
  readonly colours: number;
  /** Labels that images may have, and the generator is told; 0 for none. */
  readonly labels: number;
  readonly channels: Channels;
  readonly latent: number;
  readonly mappingLayers: number;
  /** Share of the images that are made of two styles. */
  readonly mixing: number;
  /** What is done to real and generated images alike before the critic sees them. */
  readonly augmentations: readonly AugmentationName[];
  readonly batch: number;
  readonly rules: GameRules;
}

/** Decay of the tracked mean of w: Karras et al. 2019, in its code. */
const STYLE_DECAY = 0.995;

/** Networks of a size, and the mean of the styles that training keeps: what truncation goes towards (Karras et al. 2019, appendix B). */
export function createNetworks(
  { name, colours, labels, channels, latent, mappingLayers }: StyleGanOptions,
  size: number,
  fade: Fade,
) {
  const mapping = createMapping({ name: `${name}.mapping`, latent, layers: mappingLayers, labels });
  const synthesis = createSynthesis({ name: `${name}.synthesis`, size, colours, channels, latent, fade });
  const meanStyle: Parameter = { name: `${name}.meanStyle`, shape: [1, latent], deviation: 0 };
  const critic = createStyleCritic({ name: `${name}.critic`, size, colours, labels, channels, fade });
  return { mapping, synthesis, meanStyle, critic };
}
type Networks = ReturnType<typeof createNetworks>;

/**
 * The task of a phase: StyleGAN's networks at its size play by the rules (`adversarial/game.ts`) against `count` images, which come
 * as shared rows [count, colours size size] in -1 .. 1, with the place of each one's label behind it where they have labels. The first phase of a size begins with fresh optimisers and averages; the next
 * ones go on with them.
 */
export function planPhase(options: StyleGanOptions, phase: Phase, count: number): TrainingTask {
  const { name, title, batch, colours, rules } = options;
  const turns = turnsOf(rules);
  // Of all images of a size so far: parts of a phase add up to the steps of the whole.
  const stepsFor = (images: number): number => Math.ceil(images / (batch * turns.critic));
  const stepsBefore = stepsFor(phase.imagesBefore);
  const steps = stepsFor(phase.imagesBefore + phase.images) - stepsBefore;
  const step = createStepBuilder();
  const fade = phase.isFading ? step.schedule('fade', (at) => Math.min(1, (at + 1) / steps), false) : null;
  const table = step.shared(TRAINING_ROWS, [count, colours * phase.size ** 2 + (options.labels === 0 ? 0 : 1)]);
  const networks = createNetworks(options, phase.size, fade);
  const players = playersOf(options, networks, { phase, fade, table, count, stepsBefore });
  writeGame(step, players, { ...rules, stepsBefore });
  return step.finish({
    ...{ name: `${name}-${phase.name}`, title: `${title}, ${phase.name}`, steps },
    ...{ updatesPerStep: turns.critic, remedy: options.remedy },
  });
}

interface Place {
  readonly phase: Phase;
  readonly fade: Fade;
  readonly table: Tensor;
  readonly count: number;
  readonly stepsBefore: number;
}

function playersOf(options: StyleGanOptions, networks: Networks, place: Place): Players {
  const { batch, colours, labels } = options;
  const { mapping, synthesis, critic } = networks;
  const { phase, fade, table, count } = place;
  const width = colours * phase.size ** 2;
  const show = (step: StepBuilder, of: string, images: Tensor, shown: Tensor | null): Tensor =>
    withLabels(reshape(augmentImages(step, of, options.augmentations, images), [batch, width]), shown);
  const drawRows = (step: StepBuilder, turn: string): Tensor =>
    gatherRows(table, step.integers(`rowIndices.${turn}`, [batch], count));
  const labelsOf = (rows: Tensor): Tensor | null =>
    labels === 0 ? null : toIndicators(columns(rows, width, width + 1), labels);
  return {
    ...{ critic, free: withoutLabels(width, labels) },
    generator: { parameters: [...mapping.parameters, ...synthesis.parameters] },
    real: (step, turn) => {
      const rows = drawRows(step, turn);
      const pixels = labels === 0 ? rows : columns(rows, 0, width);
      const images = reshape(pixels, [batch, colours, phase.size, phase.size]);
      return show(step, `real.${turn}`, fadeImages(images, fade), labelsOf(rows));
    },
    fake: (step, turn, real) => {
      // Images of the labels that the critic sees beside them; on the generator's own turn, of labels as they are in the data.
      const given = labels === 0 ? null : real ? labelsBehind(real, width, labels) : labelsOf(drawRows(step, turn));
      return show(step, `fake.${turn}`, generate(step, options, networks, place, { turn, labels: given }), given);
    },
    mixing: (step, turn) => step.uniform(`mix.${turn}`, [batch, 1]),
  };
}

/** Generated images of a turn, [batch, colours, size, size], each of one style or of two: Karras et al. 2019, section 3.1. */
function generate(
  step: StepBuilder,
  options: StyleGanOptions,
  networks: Networks,
  place: Place,
  { turn, labels }: { readonly turn: string; readonly labels: Tensor | null },
): Tensor {
  const { batch, latent, mixing } = options;
  const { size } = place.phase;
  const layers = layersUpTo(size);
  const { mapping, synthesis } = networks;
  const styleOf = (of: string): Tensor =>
    mapping.apply(withLabels(step.normal(`${of}.${turn}`, [batch, latent]), labels), step.parameters);
  const w = styleOf('latent');
  if (turn === generatorTurn(0)) trackMean(step, networks.meanStyle, w, place.stepsBefore);
  const noise = (layer: number, at: number): Tensor => step.normal(`noise.${layer}.${turn}`, [batch, 1, at, at]);
  if (mixing === 0) return synthesis.apply({ style: () => w, noise }, step.parameters);
  const other = styleOf('otherLatent');
  const shares = step.made(`shares.${turn}`, [batch, layers], fillShares(layers, mixing));
  const style = (layer: number): Tensor => mixStyles(w, other, columns(shares, layer, layer + 1));
  return synthesis.apply({ style, noise }, step.parameters);
}

/** other + share (w - other), with the share [n, 1] of the first style. */
export const mixStyles = (w: Tensor, other: Tensor, share: Tensor): Tensor =>
  add(other, multiply(share, subtract(w, other)));

/** 1 where a layer takes the first style of an image, 0 where the second: all layers from one that is drawn on, for a share of the images. */
const fillShares =
  (layers: number, mixing: number): MakeDraw =>
  (out, stream, step) => {
    const dice = createDice(stream, step);
    for (let start = 0; start < out.length; start += layers) {
      const end = dice.uniform() < mixing ? dice.whole(1, layers - 1) : layers;
      out.fill(1, start, start + end).fill(0, start + end, start + layers);
    }
  };

function trackMean(step: StepBuilder, meanStyle: Parameter, w: Tensor, stepsBefore: number): void {
  const decay = step.schedule('style.decay', (at) => decayAt(STYLE_DECAY, at + stepsBefore), false);
  const kept = step.parameters(meanStyle);
  step.update(meanStyle.name, add(multiply(kept, decay), multiply(mean(w, [0], true), subtract(1, decay))));
}
