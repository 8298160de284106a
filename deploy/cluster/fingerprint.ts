import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What no cluster sees: the page of the values, and suites that render. */
const UNSEEN = /^(README\.md|tests(\/|$))/;

/** The first 16 digits of the SHA-256 over names and texts of a chart's files: by it a page says of which chart it is. */
export function fingerprintOf(chart: string): string {
  const names = readdirSync(chart, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(chart.length + 1))
    .filter((name) => !UNSEEN.test(name))
    .sort();
  const hash = createHash('sha256');
  for (const name of names)
    hash
      .update(`${name}\n`)
      .update(readFileSync(join(chart, name)))
      .update('\n');
  return hash.digest('hex').slice(0, 16);
}
