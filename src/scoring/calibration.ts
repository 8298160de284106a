import { AristarchError } from '../base/errors.ts';
import { countBelow } from './count-below.ts';

/**
 * What held-out normal rows say about a score (split conformal prediction: Vovk, Gammerman and Shafer 2005; Angelopoulos
 * and Bates 2021, section 1). Of rows as normal as those, a share of at most `rate` is flagged at `rate`.
 */
export interface Calibration {
  /** Held-out normal rows, n. */
  readonly count: number;
  /** 1 / (n + 1). */
  readonly smallestRate: number;
  /** (1 + #{calibration >= score}) / (n + 1), in [1 / (n + 1), 1]. */
  readonly pValueOf: (score: number) => number;
  /**
   * The score above which a row is flagged: `score > thresholdAt(rate)` exactly where `pValueOf(score) <= rate`, also when
   * both are float32. Throws `INVALID_INPUT` outside (0, 1), `RATE_UNSUPPORTED` below `smallestRate`.
   */
  readonly thresholdAt: (rate: number) => number;
}

/** `scores`: ascending, finite, at least one. Throws `ARTEFACT_INVALID` else. */
export function createCalibration(scores: readonly number[]): Calibration {
  // Scores are float32; as such they are compared, so that a threshold survives a float field on the wire.
  const ascending = checkAscending(Float32Array.from(scores));
  const count = ascending.length;
  return {
    count,
    smallestRate: 1 / (count + 1),
    pValueOf: (score) => (1 + count - countBelow(ascending, count, score)) / (count + 1),
    thresholdAt: (rate) => ascending[count - 1 - allowedAbove(rate, count)]!,
  };
}

/**
 * The largest k with (1 + k) / (n + 1) <= rate: so many calibration scores may lie at or above a flagged one. The closed
 * form can be one off where `rate * (n + 1)` was rounded; the division decides, since it makes the p-value, too.
 */
function allowedAbove(rate: number, count: number): number {
  checkRate(rate, count);
  const guess = Math.floor(rate * (count + 1)) - 1;
  const fits = (k: number) => (1 + k) / (count + 1) <= rate;
  if (fits(guess + 1)) return guess + 1;
  return fits(guess) ? guess : guess - 1;
}

function checkRate(rate: number, count: number): void {
  if (!(rate > 0 && rate < 1)) {
    const message = `a false-positive rate of ${rate} is not possible: give a number between 0 and 1, both excluded`;
    throw new AristarchError('INVALID_INPUT', message, { falsePositiveRate: rate });
  }
  const smallest = 1 / (count + 1);
  if (rate >= smallest) return;
  const needed = Math.ceil(1 / rate) - 1;
  throw new AristarchError(
    'RATE_UNSUPPORTED',
    `a false-positive rate of ${rate} needs ${needed} calibration rows and this model has ${count}: ` +
      `ask for at least ${smallest}, or train with more rows`,
    { falsePositiveRate: rate, smallestFalsePositiveRate: smallest, calibrationRows: count },
  );
}

function checkAscending(scores: Float32Array): Float32Array {
  const bad = scores.findIndex((score, i) => !Number.isFinite(score) || (i > 0 && score < scores[i - 1]!));
  if (bad === -1 && scores.length > 0) return scores;
  const fault = scores.length === 0 ? 'are absent' : `are not finite and ascending at position ${bad}`;
  throw new AristarchError('ARTEFACT_INVALID', `the model's calibration scores ${fault}: train again`, {
    position: bad,
  });
}
