import { countBelow } from '../count-below.ts';

/**
 * A bounded, randomised sample of a stream of scores, which gives each new score a p-value within it.
 *
 * **Why the p-values are valid.** A new score a joins the m kept ones; its p-value is its smoothed rank among these m + 1;
 * then one of the m + 1, *the new one included*, is dropped at random. Let the stream be exchangeable and S be the set of
 * the m + 1 values. Which values were kept before depends on positions and coins only, so given S and all later scores each
 * member of S is equally likely to be the new one, and the smoothed rank is uniform. The dropped member is drawn without
 * looking which one is new, so that this also holds given S and the drop; and all later p-values are functions of what is
 * left, of later scores and of later coins. So each p-value is uniform and independent of all later ones: they are
 * independent and uniform, exactly, at any bag size. It is Vovk's argument for the whole past (Vovk, Gammerman and Shafer,
 * Algorithmic Learning in a Random World, 2005, chapter 8) with one more coin.
 *
 * Ordinary reservoir sampling would not do: there a new score is kept with probability m / n, so the bag hardly changes
 * after a while, and ranks within a bag that stays the same depend on each other through it.
 *
 * A kept score stays for m + 1 rows on average: the bag is a sample of the recent past, not of all of it.
 */
export interface ScoreBag {
  /** Scores kept at present, at most the capacity. */
  readonly size: number;
  /**
   * The p-value of `score`, in [0, 1): the share of scores that are at least as high, ties counted by `tie`. `tie` is
   * uniform in [0, 1); `drop` is uniform over 0 .. capacity. Costs a binary search and a move of up to `capacity` floats.
   */
  exchange(score: number, tie: number, drop: number): number;
}

export function createScoreBag(capacity: number): ScoreBag {
  const ascending = new Float32Array(capacity);
  let size = 0;
  /** Puts `score` at `place`, in place of what stands at `drop`. */
  const replace = (score: number, place: number, drop: number): void => {
    if (drop < place) {
      ascending.copyWithin(drop, drop + 1, place);
      ascending[place - 1] = score;
    } else {
      ascending.copyWithin(place + 1, place, drop);
      ascending[place] = score;
    }
  };
  return {
    get size() {
      return size;
    },
    exchange: (given, tie, drop) => {
      const score = Math.fround(given);
      const below = countBelow(ascending, size, score);
      const notAbove = ascending[below] === score && below < size ? endOfRun(ascending, size, below) : below;
      const pValue = (size - notAbove + tie * (notAbove - below + 1)) / (size + 1);
      if (size < capacity) {
        ascending.copyWithin(below + 1, below, size++);
        ascending[below] = score;
      } else if (drop < capacity) {
        // `drop` = capacity stands for the new score itself, which then leaves no trace.
        replace(score, below, drop);
      }
      return pValue;
    },
  };
}

/** Where the run of equal scores that begins at `from` ends. Most are short, and a constant score makes one of the whole bag. */
function endOfRun(ascending: Float32Array, size: number, from: number): number {
  const score = ascending[from]!;
  let [at, step] = [from, 1];
  const goesOn = (): boolean => at + step < size && ascending[at + step] === score;
  for (; goesOn(); step *= 2) at += step;
  for (step >>>= 1; step > 0; step >>>= 1) if (goesOn()) at += step;
  return at + 1;
}
