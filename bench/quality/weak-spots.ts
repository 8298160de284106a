/** What is known of sets that are far below the nearest neighbours. */
const WHY: Readonly<Record<string, string>> = {};

export function whySoFar(set: string): string {
  return WHY[set] ?? 'not explained yet.';
}
