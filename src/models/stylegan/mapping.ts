import { columns, concat, leakyRelu } from '../../graph/operations.ts';
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
  /** Labels that images may have; 0 for none. */
  readonly labels: number;
}

export const STYLE_SLOPE = 0.2;
/** Karras et al. 2019, appendix C. */
const RATE_FACTOR = 0.01;

/**
 * The mapping network (Karras et al. 2019, figure 1): normalised latents z [n, latent] -> styles w [n, latent]. Where images have
 * labels, their indicators are behind z [n, latent + labels]: an embedding of the label, as wide as z and normalised like it, goes
 * into the first layer beside it (as in Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data").
 */
export function createMapping({ name, latent, layers, labels }: MappingOptions): Network {
  const embedding =
    labels === 0 ? null : createEqualisedDense({ name: `${name}.label`, from: labels, to: latent, gain: 1 });
  const dense = Array.from({ length: layers }, (_, index) => {
    const from = index === 0 && embedding ? 2 * latent : latent;
    return createEqualisedDense({
      ...{ name: `${name}.${index}`, from, to: latent, gain: RECTIFIER_GAIN, rateFactor: RATE_FACTOR },
    });
  });
  return {
    parameters: [...(embedding?.parameters ?? []), ...dense.flatMap(({ parameters }) => parameters)],
    apply: (given, values) => {
      assertShape(given, [null, latent + labels]);
      const z = pixelNorm(embedding ? columns(given, 0, latent) : given);
      const label = embedding && pixelNorm(embedding.apply(columns(given, latent, latent + labels), values));
      const start = label ? concat([z, label], 1) : z;
      return dense.reduce((h, layer) => leakyRelu(layer.apply(h, values), STYLE_SLOPE), start);
    },
  };
}
