/**
 * Does pieces of work in their order, at most so many at once; the results are in that order, too. Where one fails no other is begun, those under
 * way are waited for, and what the first threw is thrown.
 */
export async function inTurns<T>(atOnce: number, work: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const faults: unknown[] = [];
  let next = 0;
  const takeTurns = async (): Promise<void> => {
    while (next < work.length && faults.length === 0) {
      const at = next++;
      try {
        results[at] = await work[at]!();
      } catch (thrown) {
        faults.push(thrown);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(atOnce, work.length)) }, takeTurns));
  if (faults.length > 0) throw faults[0];
  return results;
}

/** The order in which to begin: where several are under way the longest first, so that the others fill the turns beside it; else as they are. */
export function longestFirst<T>(atOnce: number, work: readonly T[], lengthOf: (piece: T) => number): readonly T[] {
  return atOnce > 1 ? work.toSorted((a, b) => lengthOf(b) - lengthOf(a)) : work;
}
