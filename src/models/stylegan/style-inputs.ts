import { LATENT_INPUT } from '../generator-graph.ts';
import { STYLE_INPUTS } from './generator-graph.ts';

/** Widths of the inputs of a style generator. */
export interface StyleWidths {
  /** Of `latent`: the noise z, and that of the pixels. */
  readonly latent: number;
  /** Of z alone. */
  readonly z: number;
  readonly layers: number;
}

/** The widths, from those of all inputs by name; null where the generator has no styles. */
export function styleWidths(widths: Readonly<Record<string, number>>): StyleWidths | null {
  const { [LATENT_INPUT]: latent, [STYLE_INPUTS.other]: z, [STYLE_INPUTS.shares]: layers } = widths;
  return latent === undefined || z === undefined || layers === undefined ? null : { latent, z, layers };
}

interface Feed {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** How images are made of styles; one style each, as it is, when absent. */
export interface StyleChoice {
  /** Second latents [count, z]. */
  readonly other?: Float32Array;
  /** The share of the first style in each layer, [count, layers]. */
  readonly shares?: Float32Array;
  /** How far styles keep from their mean: 1 as they are, 0 all the mean. */
  readonly truncation?: number | undefined;
}

/** What a style generator is fed beside its latent, for so many images. */
export function styleFeeds({ z, layers }: StyleWidths, count: number, choice: StyleChoice = {}): Record<string, Feed> {
  const { other = new Float32Array(count * z), shares = new Float32Array(count * layers).fill(1) } = choice;
  return {
    [STYLE_INPUTS.other]: { data: other, shape: [count, z] },
    [STYLE_INPUTS.shares]: { data: shares, shape: [count, layers] },
    [STYLE_INPUTS.truncation]: { data: new Float32Array(count).fill(choice.truncation ?? 1), shape: [count, 1] },
  };
}
