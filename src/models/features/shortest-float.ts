/** Digits that name every float32. */
const MOST_DIGITS = 9;

/** The shortest decimal that rounds to the float32 `value`: 0.1 for 0.10000000149011612. */
export function shortestFloat(value: number): number {
  if (Number.isInteger(value) || !Number.isFinite(value)) return value;
  for (let digits = 1; digits < MOST_DIGITS; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return Number(value.toPrecision(MOST_DIGITS));
}
