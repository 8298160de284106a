/** A false-positive rate and the score above which a row is flagged at it; undefined where the calibration cannot promise it. */
export interface ThresholdRow {
  readonly rate: number;
  readonly threshold: number | undefined;
  /** Held-out normal rows that were needed, at the least, to promise the rate. */
  readonly rowsNeeded: number;
}

/**
 * The conformal threshold: a score s is flagged when (1 + #{calibration >= s}) / (n + 1) <= rate, so k = floor(rate (n + 1)) - 1
 * calibration scores may be as high as s, and s must exceed the (k + 1)-th highest.
 */
export function toThreshold(ascending: readonly number[], rate: number): ThresholdRow {
  const count = ascending.length;
  // The tiny addition undoes the rounding of products such as 0.1 * 30 = 3.0000000000000004's siblings below the integer.
  const allowed = Math.floor(rate * (count + 1) + 1e-9) - 1;
  return {
    rate,
    threshold: allowed < 0 ? undefined : ascending[count - 1 - allowed],
    rowsNeeded: Math.ceil(1 / rate - 1e-9) - 1,
  };
}
