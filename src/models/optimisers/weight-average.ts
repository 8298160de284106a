import { add, multiply, subtract } from '../../graph/operations.ts';
import type { Parameter, ParameterValues } from '../layers/parameters.ts';
import type { StepBuilder } from '../step-builder.ts';
import { sideBySide, updateEach } from './side-by-side.ts';

/** The state variable that holds a parameter's average. */
const averageOf = (parameter: Parameter): Parameter => ({ ...parameter, name: `${parameter.name}.average` });

/**
 * An exponential moving average of weights, a <- d a + (1 - d) w (Karras et al. 2018, section 6.1): what a generator is exported
 * with, while training goes on with the weights themselves.
 */
export function averageWeights(step: StepBuilder, { parameters, decay, name, update }: WeightAverage): void {
  const d = step.schedule(`${name}.decay`, (at) => decay(update(at)), false);
  const averages = parameters.map(averageOf);
  const old = sideBySide(averages.map(({ name: key, shape }) => step.read(key, shape)));
  const now = sideBySide(parameters.map(step.parameters));
  updateEach(step, averages, add(multiply(old, d), multiply(now, subtract(1, d))));
}

export interface WeightAverage {
  readonly parameters: readonly Parameter[];
  /** At an update, counted from 0; 0 at the first. */
  readonly decay: (update: number) => number;
  /** Prefix of the name of what comes in as data. */
  readonly name: string;
  /** Number of this update, from the number of the training step. */
  readonly update: (step: number) => number;
}

/** Half of an average is never older than this share of the updates so far. */
const LONGEST_HALF_LIFE = 0.05;

/**
 * The decay at an update, counted from 0: less at the beginning, so that a short run is not averaged with where it came from
 * (Karras et al. 2020, "Training GANs with limited data", in its code: a ramp of 5 %). The first average is the weights.
 */
export const decayAt = (decay: number, update: number): number =>
  Math.min(decay, 0.5 ** (1 / (LONGEST_HALF_LIFE * update)));

/** The averages in place of the parameters. */
export const averagedValues =
  (values: ParameterValues): ParameterValues =>
  (parameter) =>
    values(averageOf(parameter));
