const SECONDS_OF_DAY = 86_400;
/** 1970-01-01 was a Thursday; Monday is 0. */
const EPOCH_DAY = 3;

/** Whole seconds of Monday, 1970-01-05: where a time of which only weekday and time of day are known is put. */
export const REFERENCE_MONDAY = 4 * SECONDS_OF_DAY;

/** Second of the UTC day, [0, 86400), of whole seconds since 1970; NaN for what is not finite. */
export function secondOfDay(epochSeconds: number): number {
  return modulo(epochSeconds, SECONDS_OF_DAY);
}

/** Day of the week in UTC, 0 = Monday, of whole seconds since 1970; NaN for what is not finite. */
export function dayOfWeek(epochSeconds: number): number {
  return modulo(Math.floor(epochSeconds / SECONDS_OF_DAY) + EPOCH_DAY, 7);
}

/** The remainder that is never negative. Adding zero turns -0 into 0. */
function modulo(value: number, by: number): number {
  return (((value % by) + by) % by) + 0;
}

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|([+-])(\d{2})(?::?(\d{2}))?)?)?$/;

/**
 * Whole seconds since 1970 of an ISO 8601 date or time, rounded down; without a zone it is UTC (unlike `Date.parse`, which
 * takes the zone of the machine). Undefined for anything else, 30 February included.
 */
export function parseIso8601(text: string): number | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const parts: (string | undefined)[] = match.slice(1, 7);
  const [year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0)) as Parts;
  const valid = day <= daysOfMonth(year, month) && day > 0 && hour < 24 && minute < 60 && second < 60;
  if (!valid) return undefined;
  const date = new Date(0);
  // Date.UTC would read the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  const offset = (match[7] === '-' ? -60 : 60) * (Number(match.at(8) ?? 0) * 60 + Number(match.at(9) ?? 0));
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
}

type Parts = [number, number, number, number, number, number];

/** 0 for a month that is none. */
function daysOfMonth(year: number, month: number): number {
  if (month < 1 || month > 12) return 0;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}
