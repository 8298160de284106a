/** Names that a sentence has. */
const NAMED = 3;

/** The first of some names, and how many more there are: "a, b, c and 9 more". */
export function fewNames(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more.toLocaleString('en')} more` : '');
}
