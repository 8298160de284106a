import type { Answers } from './measure-set.ts';

export type Ranker = 'contributions' | 'deviation' | 'neighbours';
export const RANKERS: readonly Ranker[] = ['contributions', 'deviation', 'neighbours'];

/** Counts over corrupted rows. */
export interface Tally {
  readonly rows: number;
  /** Rows flagged once they were corrupted; all counts below are of these. */
  readonly flagged: number;
  /** The corrupted column was ranked first, or among the first three. */
  readonly first: Readonly<Record<Ranker, number>>;
  readonly firstThree: Readonly<Record<Ranker, number>>;
  /** Its contribution was above 0. */
  readonly rightSign: number;
  /** The counterpart is not flagged. */
  readonly unflagged: number;
  /** Fields that the counterparts change, all together. */
  readonly changed: number;
  /** The largest |sum of contributions - difference of scores| over |difference|. */
  readonly worstSum: number;
}

const none = (): Record<Ranker, number> => ({ contributions: 0, deviation: 0, neighbours: 0 });

export function emptyTally(): Tally {
  return {
    rows: 0,
    flagged: 0,
    first: none(),
    firstThree: none(),
    rightSign: 0,
    unflagged: 0,
    changed: 0,
    worstSum: 0,
  };
}

/** `truth`: the corrupted column of each row; `ranked`: how much each ranker makes of each column, [rows, columns]. */
export function countRanks(
  truth: readonly number[],
  ranked: Readonly<Record<Ranker, Float32Array>>,
  { score, counterpartScore, contributions }: Answers,
  threshold: number,
): Tally {
  const width = contributions.length / truth.length;
  const [first, firstThree] = [none(), none()];
  let [rightSign, unflagged, changed, worstSum] = [0, 0, 0, 0];
  truth.forEach((column, row) => {
    const at = row * width;
    for (const ranker of RANKERS) {
      const place = placeOf(ranked[ranker].subarray(at, at + width), column);
      if (place === 0) first[ranker]++;
      if (place < 3) firstThree[ranker]++;
    }
    const own = contributions.subarray(at, at + width);
    if (own[column]! > 0) rightSign++;
    if (counterpartScore[row]! <= threshold) unflagged++;
    changed += own.filter((value) => value !== 0).length;
    const difference = score[row]! - counterpartScore[row]!;
    const sum = own.reduce((total, value) => total + value, 0);
    worstSum = Math.max(worstSum, Math.abs(sum - difference) / Math.abs(difference));
  });
  return { rows: truth.length, flagged: truth.length, first, firstThree, rightSign, unflagged, changed, worstSum };
}

/** How many columns are ranked above this one; ties, and a value of 0, count against it. */
function placeOf(values: Float32Array, column: number): number {
  const own = values[column]!;
  if (own === 0) return values.length;
  return values.filter((value, other) => other !== column && value >= own).length;
}

export function addTallies(tallies: readonly Tally[]): Tally {
  const add = (a: Record<Ranker, number>, b: Record<Ranker, number>): Record<Ranker, number> => ({
    contributions: a.contributions + b.contributions,
    deviation: a.deviation + b.deviation,
    neighbours: a.neighbours + b.neighbours,
  });
  return tallies.reduce(
    (a, b) => ({
      rows: a.rows + b.rows,
      flagged: a.flagged + b.flagged,
      first: add(a.first, b.first),
      firstThree: add(a.firstThree, b.firstThree),
      rightSign: a.rightSign + b.rightSign,
      unflagged: a.unflagged + b.unflagged,
      changed: a.changed + b.changed,
      worstSum: Math.max(a.worstSum, b.worstSum),
    }),
    emptyTally(),
  );
}
