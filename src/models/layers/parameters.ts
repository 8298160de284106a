import { input } from '../../graph/operations.ts';
import type { Shape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { TrainingPass } from './training-pass.ts';

/** How a parameter starts: N(0, deviation^2), or zeros. */
export interface Parameter {
  /** Unique in its training task: `critic.0.weight`. */
  readonly name: string;
  readonly shape: Shape & readonly number[];
  /** Standard deviation of the normal that it is drawn from; 0 for zeros. */
  readonly deviation: number;
}

/** The values of parameters, by name: inputs of a training step, or constants of an exported graph. */
export type ParameterValues = (parameter: Parameter) => Tensor;

/** A network: what it learns, and what it computes. */
export interface Network {
  readonly parameters: readonly Parameter[];
  /** Without a pass as it scores and generates: no noise, no batch, nothing renewed. */
  apply(x: Tensor, values: ParameterValues, pass?: TrainingPass): Tensor;
}

/** One graph input for each parameter. */
export function parameterInputs(parameters: readonly Parameter[]): Map<Parameter, Tensor<'input'>> {
  return new Map(parameters.map((parameter) => [parameter, input(parameter.name, parameter.shape)]));
}
