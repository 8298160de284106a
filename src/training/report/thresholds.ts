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
  // The same division as makes the p-value: rounding must not let the two disagree.
  const fits = (k: number): boolean => (1 + k) / (count + 1) <= rate;
  const guess = Math.floor(rate * (count + 1)) - 1;
  const allowed = fits(guess + 1) ? guess + 1 : fits(guess) ? guess : guess - 1;
  const threshold = allowed < 0 ? undefined : ascending[count - 1 - allowed];
  return { rate, threshold, rowsNeeded: Math.ceil(1 / rate - 1e-9) - 1 };
}
