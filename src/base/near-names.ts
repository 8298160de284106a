/**
 * The names most like the one that was asked for, for "did you mean" in messages: the same but for case first, then by
 * edit distance (Damerau 1964), and only where at most a third of the letters differ.
 */
export function nearNames(wanted: string, names: readonly string[], limit = 3): string[] {
  const target = wanted.toLowerCase();
  const allowed = (name: string) => Math.max(1, Math.max(name.length, wanted.length) / 3);
  return (
    names
      // Names come from callers, too: one of a megabyte is turned away by its length, before the distance costs seconds.
      .filter((name) => Math.abs(name.length - wanted.length) <= allowed(name))
      .map((name) => ({ name, distance: editDistance(target, name.toLowerCase()) }))
      .filter(({ name, distance }) => distance <= allowed(name))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, limit)
      .map(({ name }) => name)
  );
}

/** ` Did you mean "a" or "b"?`, or the first few names there are, or nothing where there are none. */
export function suggestNames(wanted: string, names: readonly string[]): string {
  const near = nearNames(wanted, names).map((name) => JSON.stringify(name));
  if (near.length > 0) return ` Did you mean ${near.join(' or ')}?`;
  return names.length === 0 ? '' : ` There are: ${listNames(names)}.`;
}

/** `a, b, c and 12 more`. */
export function listNames(names: readonly string[], limit = 12): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length <= limit ? shown : `${shown} and ${names.length - limit} more`;
}

/** Letters to insert, drop, replace or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? beforeLast[j - 2]! + 1 : Infinity;
      current.push(Math.min(replaced, last[j]! + 1, current[j - 1]! + 1, swapped));
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length]!;
}
