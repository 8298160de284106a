import type { FieldKind } from '../../models/features/schema.ts';
import type { NumbersInText, ValueStatistics } from './column-statistics.ts';

/** Names that a column of answers often has. */
const LABEL_NAMES =
  /^(is_?)?(label|labels|class|target|anomaly|anomalous|outlier|attack|fraud|malicious|ground_?truth|y)$/i;
/** Characters of a value that a sentence repeats. */
const LONGEST_SHOWN = 40;
/** Fewer float32 steps than this between smallest and largest value is too coarse to learn from. */
const FEWEST_STEPS = 256;

/** A column of answers that was left among the questions makes every evaluation look perfect. */
export function labelWarning(name: string): string | undefined {
  if (!LABEL_NAMES.test(name)) return undefined;
  return `column ${name} looks like a label: pass --exclude ${name}, and --where "..." if only some rows are normal`;
}

/** Numbers that differ by less than float32 can tell at their size: seconds since 1970, long account numbers. */
export function resolutionWarning(name: string, kind: FieldKind, { min, max }: ValueStatistics): string | undefined {
  if (kind !== 'number') return undefined;
  const largest = Math.max(Math.abs(min), Math.abs(max));
  // 24 bits of mantissa: the step at x is 2^(floor(log2 x) - 23).
  const step = 2 ** (Math.floor(Math.log2(largest)) - 23);
  if (min === max || (max - min) / step >= FEWEST_STEPS) return undefined;
  return (
    `column ${name} holds numbers around ${largest.toPrecision(3)} that differ by ${(max - min).toPrecision(3)} at most, where float32 ` +
    `keeps steps of ${step.toPrecision(2)}: subtract an offset, or say with --schema that it is a timestamp (in milliseconds) or a category`
  );
}

export function levelsWarning(name: string, distinct: number, kept: number): string | undefined {
  if (distinct <= kept) return undefined;
  return `column ${name} has ${distinct.toLocaleString('en')} levels: the ${kept} most frequent are kept, the others count as unseen`;
}

/** Of a column that is text because some of its cells are: "NA" for what is missing, or commas in numbers. */
export function numbersHint({ texts, numbers, withCommas, withThousands, other }: NumbersInText): string | undefined {
  if (other === null) return undefined;
  const shown = showValue(other);
  if (withCommas === texts && withThousands === texts) {
    return `its numbers have a comma (${shown}): write a point where it is the decimal one, or take it out where it stands between thousands`;
  }
  if (withCommas === texts) return `its numbers have a decimal comma (${shown}): write a point`;
  if (withThousands === texts) return `its numbers have commas between thousands (${shown}): take them out`;
  if (numbers * 2 < texts) return undefined;
  const share = Math.floor((numbers / texts) * 100);
  return `${share} % of its values are numbers, and ${shown} is none: leave such cells empty, and it is read as numbers`;
}

/** A cell may hold a page of text. */
function showValue(text: string): string {
  return JSON.stringify(text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}...`);
}

export function textNumbersWarning(name: string, hint: string | undefined): string | undefined {
  return hint && `column ${name} is taken for levels of a category, but ${hint}`;
}
