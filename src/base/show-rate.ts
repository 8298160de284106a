const DIGITS = 3;

/** A rate for people: 0.0123, where 1 / 81 is meant. */
export const showRate = (rate: number): string => String(Number(rate.toPrecision(DIGITS)));

/** A rate for people that is not below this one, so that what is said to suffice does. */
export function showRateUp(rate: number): string {
  const rounded = Number(rate.toPrecision(DIGITS));
  if (rounded >= rate) return String(rounded);
  const step = 10 ** (Math.floor(Math.log10(rate)) + 1 - DIGITS);
  return showRate(rounded + step);
}
