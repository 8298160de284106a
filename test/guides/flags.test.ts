import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Flags of each command, from the reference, which is made from the code. */
const FLAGS = new Map(
  read('docs/reference/commands.md')
    .split(/^## /m)
    .slice(1)
    .map((chapter) => [
      /^\w+/.exec(chapter)![0],
      new Set(chapter.match(/^\| `--[\w-]+/gm)?.map((cell) => cell.slice(3))),
    ]),
);

/** Flags that a text gives to a command of ours which does not have them, as `command --flag`. */
function findUnknownFlags(markdown: string): string[] {
  const lines = markdown.replaceAll(/\\\n\s*/g, ' ');
  return [...lines.matchAll(/\bnpm run (?:--silent |-s )?(\w+) +-- ([^\n`|;&]*)/g)].flatMap(([, command, rest]) => {
    const known = FLAGS.get(command!);
    const given = rest!.replaceAll(/"[^"]*"|#.*/g, '').match(/(?<=^|\s)--[\w-]+/g) ?? [];
    return known === undefined
      ? []
      : given.filter((flag) => flag !== '--help' && !known.has(flag)).map((flag) => `${command} ${flag}`);
  });
}

const PAGES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => join('docs', path));

describe('commands in documents', () => {
  it.each(['README.md', ...PAGES])('%s: have no flag that there is not', (page) => {
    expect(findUnknownFlags(read(page))).toEqual([]);
  });

  it('would be found with a flag that there is not', () => {
    const page =
      '`npm run score -- --model m --dta x` and\nnpm run train -- --where "a --b" \\\n  --family gan --help --nonsense # --more\n';
    expect(findUnknownFlags(page)).toEqual(['score --dta', 'train --nonsense']);
    expect(FLAGS.get('serve')!.size).toBeGreaterThan(50);
  });
});
