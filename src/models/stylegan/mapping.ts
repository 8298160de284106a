import { leakyRelu } from '../../graph/operations.ts';
import { assertShape } from '../../graph/shape.ts';
import { createEqualisedDense, RECTIFIER_GAIN } from '../layers/equalised.ts';
import { pixelNorm } from '../layers/feature-statistics.ts';
import type { Network } from '../layers/parameters.ts';

export interface MappingOptions {
  readonly name: string;
  /** Width of the latent z, of every layer, and of the style w. */
  readonly latent: number;
  /** 8 in the paper. */
  readonly layers: number;
}

export const STYLE_SLOPE = 0.2;
/** Karras et al. 2019, appendix C. */
const RATE_FACTOR = 0.01;

/** The mapping network (Karras et al. 2019, figure 1): normalised latents z [n, latent] -> styles w [n, latent]. */
export function createMapping({ name, latent, layers }: MappingOptions): Network {
  const dense = Array.from({ length: layers }, (_, index) =>
    createEqualisedDense({
      ...{ name: `${name}.${index}`, from: latent, to: latent, gain: RECTIFIER_GAIN, rateFactor: RATE_FACTOR },
    }),
  );
  return {
    parameters: dense.flatMap(({ parameters }) => parameters),
    apply: (z, values) => {
      assertShape(z, [null, latent]);
      return dense.reduce((h, layer) => leakyRelu(layer.apply(h, values), STYLE_SLOPE), pixelNorm(z));
    },
  };
}
