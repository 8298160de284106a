/** An image: planes of equal length, one for each colour, 0 .. 255. */
export type Colours = readonly Float32Array[];

/** Gives the pixels of an image the colours of another one. */
export type MatchColours = (image: Colours, like: Colours) => Colours;

/**
 * How the style is given the content's colours before the transfer, so that the result keeps them (Gatys et al. 2016, "Preserving Color in
 * Neural Artistic Style Transfer", colour histogram matching):
 *
 * - `histogram`: each colour by itself, so that it is distributed as the content's (histogram specification)
 * - `covariance`: all colours together, by the linear map after which mean and covariance are the content's; by the factors of Cholesky
 */
export const COLOUR_MATCHES = {
  none: (image) => image,
  histogram: (image, like) => image.map((plane, colour) => specifyHistogram(plane, like[colour]!)),
  covariance: matchCovariance,
} as const satisfies Record<string, MatchColours>;
export type ColourMatch = keyof typeof COLOUR_MATCHES;

/** A value v becomes the value below which as large a share of `like` lies as of `plane` below v; equal values stay equal. */
function specifyHistogram(plane: Float32Array, like: Float32Array): Float32Array {
  const [own, wanted] = [plane.toSorted(), like.toSorted()];
  const places = new Map<number, number>();
  for (let from = 0, to = 0; from < own.length; from = to) {
    while (to < own.length && own[to] === own[from]) to++;
    places.set(own[from]!, (from + to) / 2 / own.length);
  }
  return plane.map((value) => quantile(wanted, places.get(value)!));
}

/** The value at a share of sorted ones, which lie in the middle of their steps. */
function quantile(sorted: Float32Array, share: number): number {
  const at = Math.min(sorted.length - 1, Math.max(0, share * sorted.length - 0.5));
  const [below, rest] = [Math.floor(at), at % 1];
  return sorted[below]! * (1 - rest) + sorted[Math.min(sorted.length - 1, below + 1)]! * rest;
}

/** Variance by which colours go apart at least, in squares of 1 of 255: less is rounding, which is not to be blown up. */
const ROUNDING = 1 / 12;

/** x -> mean(like) + A (x - mean(image)), A = L(like) L(image)^-1, L the Cholesky factor of the covariance. */
function matchCovariance(image: Colours, like: Colours): Colours {
  const [from, to] = [spreadOf(image), spreadOf(like)];
  const out = image.map((plane) => new Float32Array(plane.length));
  const z = image.map(() => 0);
  for (let pixel = 0; pixel < out[0]!.length; pixel++) {
    // z = L^-1 (x - mean), by forward substitution.
    for (let row = 0; row < z.length; row++) {
      let rest = image[row]![pixel]! - from.mean[row]!;
      for (let column = 0; column < row; column++) rest -= from.factor[row]![column]! * z[column]!;
      z[row] = rest / from.factor[row]![row]!;
    }
    for (let row = 0; row < z.length; row++) {
      let value = to.mean[row]!;
      for (let column = 0; column <= row; column++) value += to.factor[row]![column]! * z[column]!;
      out[row]![pixel] = value;
    }
  }
  return out;
}

/** Means of the colours, and the lower triangle L with L L^T = their covariance. */
function spreadOf(image: Colours): { readonly mean: readonly number[]; readonly factor: readonly number[][] } {
  const count = image[0]!.length;
  const mean = image.map((plane) => plane.reduce((total, value) => total + value, 0) / count);
  const factor: number[][] = image.map(() => []);
  for (let row = 0; row < image.length; row++) {
    for (let column = 0; column <= row; column++) {
      const [a, b] = [image[row]!, image[column]!];
      let rest = row === column ? ROUNDING : 0;
      for (let at = 0; at < count; at++) rest += ((a[at]! - mean[row]!) * (b[at]! - mean[column]!)) / count;
      for (let k = 0; k < column; k++) rest -= factor[row]![k]! * factor[column]![k]!;
      factor[row]![column] = row === column ? Math.sqrt(rest) : rest / factor[column]![column]!;
    }
  }
  return { mean, factor };
}
