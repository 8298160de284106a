import { gradients } from '../../graph/gradients.ts';
import { add, divide, multiply, sqrt, square, subtract } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Parameter } from '../layers/parameters.ts';
import type { StepBuilder } from '../step-builder.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Learning rate at an update, counted from 0. */
  readonly learningRate: (update: number) => number;
}

export interface AdamStep {
  /** Prefix of the names of what comes in as data. */
  readonly name: string;
  readonly loss: Tensor;
  readonly parameters: readonly Parameter[];
  /** Number of this update, from the number of the training step. */
  readonly update: (step: number) => number;
}

/**
 * One update of parameters against the gradient of a loss by Adam with bias correction (Kingma and Ba 2015, algorithm 1,
 * in the form at the end of section 2): the correction is a factor of the learning rate and of epsilon, so that both come
 * in as data, computed in double precision.
 */
export function adamUpdate(
  step: StepBuilder,
  options: AdamOptions,
  { name, loss, parameters, update }: AdamStep,
): void {
  const { beta1, beta2, epsilon, learningRate } = options;
  const correction = (n: number): number => Math.sqrt(1 - beta2 ** (n + 1));
  const rateAt = (n: number): number => (learningRate(n) * correction(n)) / (1 - beta1 ** (n + 1));
  const rate = step.schedule(`${name}.rate`, (at) => rateAt(update(at)), true);
  const floor = step.schedule(`${name}.epsilon`, (at) => epsilon * correction(update(at)), false);
  const before = parameters.map(step.parameters);
  const derivatives = gradients(loss, before);
  parameters.forEach((parameter, index) => {
    const g = derivatives[index]!;
    const moment = (suffix: string, beta: number, value: Tensor): Tensor => {
      const key = `${parameter.name}.${suffix}`;
      const next = add(multiply(step.read(key, parameter.shape), beta), multiply(value, 1 - beta));
      step.update(key, next);
      return next;
    };
    // Without momentum the first moment is the gradient itself, and there is nothing to remember.
    const m = beta1 === 0 ? g : moment('m', beta1, g);
    const v = moment('v', beta2, square(g));
    const change = multiply(rate, divide(m, add(sqrt(v), floor)));
    step.update(parameter.name, subtract(before[index]!, change));
  });
}

/** Constant for the first half of the updates, then linear to 0; critic-recipe.md section 2. */
export function halfThenLinear(rate: number, updates: number): (update: number) => number {
  return (update) => rate * Math.min(1, 2 * (1 - update / updates));
}
