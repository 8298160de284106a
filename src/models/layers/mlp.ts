import { add, leakyRelu, matMul } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Network, Parameter, ParameterValues } from './parameters.ts';

export interface MlpOptions {
  /** Prefix of the parameters' names. */
  readonly name: string;
  /** Features in, units of each hidden layer, features out. */
  readonly widths: readonly number[];
  /** Slope of the leaky ReLU for x < 0; 0 is the ReLU. */
  readonly slope: number;
}

/**
 * A multilayer perceptron: dense layers with a leaky ReLU between them and a linear output.
 * Weights start as N(0, 2 / fanIn) (He et al. 2015, equation 10), the last layer's as N(0, 1 / fanIn), biases at zero.
 */
export function createMlp({ name, widths, slope }: MlpOptions): Network {
  const layers = widths.slice(1).map((units, index) => {
    const fanIn = widths[index]!;
    const isLast = index === widths.length - 2;
    const weight: Parameter = {
      name: `${name}.${index}.weight`,
      shape: [fanIn, units],
      deviation: Math.sqrt((isLast ? 1 : 2) / fanIn),
    };
    const bias: Parameter = { name: `${name}.${index}.bias`, shape: [units], deviation: 0 };
    return { weight, bias, isLast };
  });
  return {
    parameters: layers.flatMap(({ weight, bias }) => [weight, bias]),
    apply: (x: Tensor, values: ParameterValues) => {
      assertShape(x, [null, widths[0] ?? null]);
      return layers.reduce((h, { weight, bias, isLast }) => {
        const y = add(matMul(h, values(weight)), values(bias)); // [n, units]
        return isLast ? y : leakyRelu(y, slope);
      }, x);
    },
  };
}
