import { add, concat, slice } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { createMlpBank, type MlpBankOptions } from '../layers/mlp-bank.ts';
import type { Network, ParameterValues } from '../layers/parameters.ts';
import { toUnionRows } from './head.ts';
import type { Union } from './union.ts';

export interface RadialNetworkOptions {
  readonly name: string;
  readonly hidden: readonly number[];
  /** Width of the latent space; of a residual coder, beside the union's columns. */
  readonly latent: number;
  readonly activation: MlpBankOptions['activation'];
  /**
   * Whether coders pass the union's columns through and learn what to add to them, so that a column that two sources share
   * starts as itself, and one that a source lacks is filled in.
   */
  readonly residual: boolean;
}

/** Encoders to a shared latent space, decoders and critics, one of each for each source. */
export interface RadialNetworks {
  readonly encoder: Network;
  readonly decoder: Network;
  readonly critic: Network;
  /** Rows [.., n, width] and classes [.., n, classWidth] -> latent [.., n, latentWidth]. */
  encode(x: Tensor, y: Tensor | null, values: ParameterValues): Tensor;
  /** Latent and classes -> rows; `mask` [.., 1, width] of the target, drawn where there is noise [.., n, noiseWidth]. */
  decode(z: Tensor, y: Tensor | null, values: ParameterValues, mask: Tensor, noise: Tensor | null): Tensor;
}

/** The first outputs of a residual coder are small at the start: translation begins near the identity. */
const RESIDUAL_SCALE = 0.1;

export function createRadialNetworks(union: Union, classWidth: number, options: RadialNetworkOptions): RadialNetworks {
  const { name, hidden, residual, activation } = options;
  const members = union.sources.length;
  const { width } = union;
  const latentWidth = options.latent + (residual ? width : 0);
  const bank = (of: string, widths: readonly number[], lastScale: number): Network =>
    createMlpBank({ name: `${name}.${of}`, members, widths, activation, lastScale });
  const lastScale = residual ? RESIDUAL_SCALE : 1;
  const encoder = bank('encoder', [width + classWidth, ...hidden, latentWidth], lastScale);
  const decoder = bank('decoder', [latentWidth + classWidth, ...hidden, width], lastScale);
  const critic = bank('critic', [width + classWidth, ...hidden, 1], 1);
  return {
    ...{ encoder, decoder, critic },
    encode: (x, y, values) => {
      const e = encoder.apply(beside(x, y), values);
      if (!residual) return e;
      const [own, more] = splitColumns(e, width);
      return beside(add(own, x), more);
    },
    decode: (z, y, values, mask, noise) => {
      const a = decoder.apply(beside(z, y), values);
      const outputs = residual ? add(a, splitColumns(z, width)[0]) : a;
      return toUnionRows(outputs, union, mask, noise);
    },
  };
}

/** Columns of both, along the last axis. */
export function beside(x: Tensor, y: Tensor | null): Tensor {
  return y ? concat([x, y], x.shape.length - 1) : x;
}

function splitColumns(x: Tensor, at: number): [Tensor, Tensor | null] {
  const axis = x.shape.length - 1;
  const width = x.shape[axis] as number;
  return [slice(x, axis, 0, at), at < width ? slice(x, axis, at, width) : null];
}
