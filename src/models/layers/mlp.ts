import { add, leakyRelu, matMul } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { BATCH_LAYERS, type BatchLayer, type BatchLayerName, type BatchLayerOptions } from './batch-layers.ts';
import { dropOut } from './dropout.ts';
import { NORMS, type Norm, type NormName } from './norms.ts';
import type { Network, Parameter, ParameterValues } from './parameters.ts';
import type { TrainingPass } from './training-pass.ts';

export interface MlpOptions {
  /** Prefix of the parameters' names. */
  readonly name: string;
  /** Features in, units of each hidden layer, features out. */
  readonly widths: readonly number[];
  /** Slope of the leaky ReLU for x < 0; 0 is the ReLU. */
  readonly slope: number;
  /** Nothing but dense layers when absent. */
  readonly layers?: LayerOptions;
}

/** What goes with the dense layers. */
export interface LayerOptions extends Pick<BatchLayerOptions, 'kernels' | 'kernelWidth'> {
  readonly norm: NormName;
  /** Share of the hidden units that are dropped, [0, 1). */
  readonly dropout: number;
  /** Before the last dense layer. */
  readonly batch: BatchLayerName;
}

const PLAIN: LayerOptions = { norm: 'none', dropout: 0, batch: 'none', kernels: 1, kernelWidth: 1 };

interface DenseLayer {
  readonly name: string;
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly norm: Norm;
  readonly isLast: boolean;
}

/**
 * A multilayer perceptron: dense layers with a leaky ReLU between them and a linear output.
 * Weights start as N(0, 2 / fanIn) (He et al. 2015, equation 10), the last layer's as N(0, 1 / fanIn), biases at zero.
 */
export function createMlp({ name, widths, slope, layers: options = PLAIN }: MlpOptions): Network {
  const { kernels, kernelWidth, dropout } = options;
  const features = widths.at(-2) ?? 0;
  const batchLayer: BatchLayer = BATCH_LAYERS[options.batch]({ name: `${name}.batch`, features, kernels, kernelWidth });
  const layers = widths.slice(1).map((units, index): DenseLayer => {
    const isLast = index === widths.length - 2;
    const fanIn = widths[index]! + (isLast ? batchLayer.width : 0);
    const of = `${name}.${index}`;
    return {
      ...{ name: of, isLast, norm: NORMS[options.norm]({ name: of, units, isLast }) },
      weight: { name: `${of}.weight`, shape: [fanIn, units], deviation: Math.sqrt((isLast ? 1 : 2) / fanIn) },
      bias: { name: `${of}.bias`, shape: [units], deviation: 0 },
    };
  });
  return {
    parameters: [
      ...layers.flatMap(({ weight, bias, norm }) => [weight, bias, ...norm.parameters]),
      ...batchLayer.parameters,
    ],
    apply: (x: Tensor, values: ParameterValues, pass?: TrainingPass) => {
      assertShape(x, [null, widths[0] ?? null]);
      return layers.reduce((h, { name: of, weight, bias, norm, isLast }) => {
        const seen = isLast ? batchLayer.apply(h, values, pass) : h;
        const y = norm.outputs(
          add(matMul(seen, norm.weight(values(weight), values, pass)), values(bias)), // [n, units]
          values,
        );
        return isLast ? y : dropOut(leakyRelu(y, slope), dropout, of, pass);
      }, x);
    },
  };
}
