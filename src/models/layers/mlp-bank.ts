import { add, leakyRelu, matMul, tanh } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Network, Parameter, ParameterValues } from './parameters.ts';

export const ACTIVATIONS = {
  'leaky-relu': (x: Tensor): Tensor => leakyRelu(x, 0.2),
  tanh,
} as const;

export interface MlpBankOptions {
  /** Prefix of the parameters' names. */
  readonly name: string;
  /** How many networks. */
  readonly members: number;
  /** Features in, units of each hidden layer, features out: the same for all members. */
  readonly widths: readonly number[];
  readonly activation: keyof typeof ACTIVATIONS;
  /** Factor on the last layer's weights at the start. */
  readonly lastScale: number;
}

/**
 * Multilayer perceptrons of one shape, each with weights of its own, as one product of matrices a layer:
 * x [members, n, in] -> [members, n, out]. Weights start as N(0, 1 / fanIn), biases at zero.
 */
export function createMlpBank({ name, members, widths, activation, lastScale }: MlpBankOptions): Network {
  const layers = widths.slice(1).map((units, index) => {
    const fanIn = widths[index]!;
    const isLast = index === widths.length - 2;
    const weight: Parameter = {
      name: `${name}.${index}.weight`,
      shape: [members, fanIn, units],
      deviation: (isLast ? lastScale : 1) / Math.sqrt(fanIn),
    };
    const bias: Parameter = { name: `${name}.${index}.bias`, shape: [members, 1, units], deviation: 0 };
    return { weight, bias, isLast };
  });
  return {
    parameters: layers.flatMap(({ weight, bias }) => [weight, bias]),
    // With the values of one member, [in, out] and [1, out], it is that member: x [n, in] -> [n, out].
    apply: (x: Tensor, values: ParameterValues) =>
      layers.reduce((h, { weight, bias, isLast }) => {
        const y = add(matMul(h, values(weight)), values(bias));
        return isLast ? y : ACTIVATIONS[activation](y);
      }, x),
  };
}
