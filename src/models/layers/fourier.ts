import type { RandomStream } from '../../base/philox.ts';
import { add, concat, constant, cos, matMul } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';

export interface FourierOptions {
  /** Width of x. */
  readonly features: number;
  /** Number of random features appended; 0 for none. */
  readonly count: number;
  /** Scale of the data: the median distance to the nearest other training row. Frequencies go down from 1 / scale. */
  readonly scale: number;
  /** Frequencies go down to 1 / (span scale). */
  readonly span: number;
}

/**
 * phi(x) = [x, cos(x Omega + phase)]: fixed random Fourier features beside the input, never trained.
 * Omega = N(0, 1) / scale * exp(-ln(span) U) with one U for each feature; phase uniform in [0, 2 pi).
 *
 * Rahimi and Recht 2007, section 3, with frequencies over several octaves; critic-recipe.md section 2.
 */
export function createFourierFeatures(options: FourierOptions, random: RandomStream): (x: Tensor) => Tensor {
  const { features, count, scale, span } = options;
  if (count === 0) return (x) => x;
  const normal = new Float32Array(features * count);
  random.fillNormal(normal, 0);
  const uniform = new Float32Array(2 * count);
  random.fillUniform(uniform, 0);
  const octave = uniform.subarray(0, count).map((u) => Math.exp(-Math.log(span) * u) / scale);
  const omega = constant(
    normal.map((value, index) => value * octave[index % count]!),
    [features, count],
  );
  const phase = constant(
    uniform.subarray(count).map((u) => 2 * Math.PI * u),
    [1, count],
  );
  return (x) => concat([x, cos(add(matMul(x, omega), phase))], 1);
}
