import { gradients } from '../../graph/gradients.ts';
import { add, divide, multiply, sqrt, square, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Parameter } from '../layers/parameters.ts';
import type { StepBuilder } from '../step-builder.ts';
import { sideBySide, updateEach } from './side-by-side.ts';

export interface OptimiserOptions {
  readonly kind: OptimiserKind;
  /** Decay of the first moment: Adam's beta1, the momentum of RMSprop and of SGD; 0 for none. */
  readonly beta1: number;
  /** Decay of the second moment: Adam's beta2, RMSprop's alpha; SGD has none. */
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
  /** Learning rate at an update, counted from 0. */
  readonly learningRate: (update: number) => number;
}

/** What an optimiser remembers of parameters; values are theirs side by side. */
interface Memory {
  /** decay old + (1 - decay) value. */
  average(name: string, decay: number, value: Tensor): Tensor;
  /** decay old + value. */
  accumulate(name: string, decay: number, value: Tensor): Tensor;
}

/** w <- w - rate direction(gradient). Rate and floor come in as data, computed in double precision. */
interface OptimiserRule {
  readonly source: string;
  /** At an update, counted from 0. */
  rate(options: OptimiserOptions, update: number): number;
  /** What keeps the root of the second moment above zero; null where there is no such root. */
  readonly floor: ((options: OptimiserOptions, update: number) => number) | null;
  direction(g: Tensor, memory: Memory, options: OptimiserOptions, floor: Tensor | number): Tensor;
}

/** The factor that Adam's bias correction of the second moment puts before learning rate and epsilon. */
const correction = (beta2: number, n: number): number => Math.sqrt(1 - beta2 ** (n + 1));

/** Without momentum the first moment is the gradient itself, and there is nothing to remember. */
const averaged = (memory: Memory, beta1: number, g: Tensor): Tensor =>
  beta1 === 0 ? g : memory.average('m', beta1, g);
const accumulated = (memory: Memory, beta1: number, g: Tensor): Tensor =>
  beta1 === 0 ? g : memory.accumulate('m', beta1, g);

/** Every optimiser: how it turns a gradient into a step. */
export const OPTIMISERS = {
  adam: {
    source: 'Kingma and Ba 2015, algorithm 1, in the form at the end of section 2',
    rate: ({ beta1, beta2, learningRate }, n) => (learningRate(n) * correction(beta2, n)) / (1 - beta1 ** (n + 1)),
    floor: ({ beta2, epsilon }, n) => epsilon * correction(beta2, n),
    direction: (g, memory, { beta1, beta2 }, floor) => {
      const m = averaged(memory, beta1, g);
      const v = memory.average('v', beta2, square(g));
      return divide(m, add(sqrt(v), floor));
    },
  },
  rmsprop: {
    source: 'Tieleman and Hinton 2012, lecture 6.5; momentum and epsilon as PyTorch has them',
    rate: ({ learningRate }, n) => learningRate(n),
    floor: ({ epsilon }) => epsilon,
    direction: (g, memory, { beta1, beta2 }, floor) => {
      const v = memory.average('v', beta2, square(g));
      return accumulated(memory, beta1, divide(g, add(sqrt(v), floor)));
    },
  },
  sgd: {
    source: 'Sutskever et al. 2013, equations 1 and 2: classical momentum',
    rate: ({ learningRate }, n) => learningRate(n),
    floor: null,
    direction: (g, memory, { beta1 }) => accumulated(memory, beta1, g),
  },
} as const satisfies Record<string, OptimiserRule>;
export type OptimiserKind = keyof typeof OPTIMISERS;

export interface Update {
  /** Prefix of the names of what comes in as data. */
  readonly name: string;
  readonly loss: Tensor;
  readonly parameters: readonly Parameter[];
  /** Number of this update, from the number of the training step. */
  readonly update: (step: number) => number;
  /** What becomes of parameters after the update, number by number: weight clipping. */
  readonly constrain?: ((value: Tensor) => Tensor) | null;
}

/** One update of parameters against the gradient of a loss: of all of them at once, side by side (docs/decisions/0046). */
export function updateParameters(step: StepBuilder, options: OptimiserOptions, update: Update): void {
  const { name, loss, parameters, constrain } = update;
  const rule: OptimiserRule = OPTIMISERS[options.kind];
  const rate = step.schedule(`${name}.rate`, (at) => rule.rate(options, update.update(at)), true);
  const floorAt = rule.floor;
  const floor =
    floorAt === null ? 0 : step.schedule(`${name}.epsilon`, (at) => floorAt(options, update.update(at)), false);
  const before = parameters.map(step.parameters);
  const direction = rule.direction(sideBySide(gradients(loss, before)), memoryOf(step, parameters), options, floor);
  const after = subtract(sideBySide(before), multiply(rate, direction));
  updateEach(step, parameters, constrain ? constrain(after) : after);
}

function memoryOf(step: StepBuilder, parameters: readonly Parameter[]): Memory {
  const remember = (suffix: string, next: (old: Tensor) => Tensor): Tensor => {
    const kept = parameters.map(({ name, shape }) => ({ name: `${name}.${suffix}`, shape }));
    const value = next(sideBySide(kept.map(({ name, shape }) => step.read(name, shape))));
    updateEach(step, kept, value);
    return value;
  };
  return {
    average: (suffix, decay, value) => remember(suffix, (old) => add(multiply(old, decay), multiply(value, 1 - decay))),
    accumulate: (suffix, decay, value) => remember(suffix, (old) => add(multiply(old, decay), value)),
  };
}
