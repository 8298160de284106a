import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Shown {
  readonly path: string;
  /** What one test in it says, its block's title before its own; all of them when absent. */
  readonly title: string | undefined;
}

/** What each measure names below it: `- **threat.** measure`, then lines of a test's sentence and its file, or of a whole file. */
function findShown(markdown: string): { threat: string; shown: readonly Shown[] }[] {
  return [...markdown.matchAll(/^- \*\*([^*]+)\.\*\*(.*?)(?=^- |^#|(?![\s\S]))/gms)].map(
    ([, threat = '', rest = '']) => {
      const items = rest.split(/^ {2}- /m).slice(1);
      const shown = items.flatMap((item) => {
        const line = item.replaceAll(/\s+/g, ' ').trim();
        const whole = /^All of `([^`]+)`$/.exec(line)?.[1];
        if (whole !== undefined) return [{ path: whole, title: undefined }];
        const [, title, path] = /^(.+) \(`([^`]+)`\)$/.exec(line) ?? [];
        return path === undefined ? [] : [{ path, title }];
      });
      return { threat, shown };
    },
  );
}

/** Titles with a place for each case, as the page has them. */
const withDots = (text: string): string => text.replaceAll(/%[sjdif]|\$\w+/g, '…');

/** Whether a file has a test with that sentence: the title of a block, where it has one, and of a test in it. */
function hasTest(text: string, sentence: string): boolean {
  const code = withDots(text);
  const blocks = [...code.matchAll(/\bdescribe(?:\.each\([^\n]*\))?\(\s*(['"`])(.+?)\1/g)].map(
    ([, , title = '']) => title,
  );
  const same = (title: string) => sentence.slice(0, title.length).toLowerCase() === title.toLowerCase();
  const own = blocks.filter(same).map((title) => sentence.slice(title.length + 1));
  const plain = `${sentence[0]!.toLowerCase()}${sentence.slice(1)}`;
  return [...own, plain, sentence].some((title) => title !== '' && code.includes(`'${title}'`));
}

/** What is wrong with the tests that a measure names; nothing where all are there. */
function findFaults(shown: readonly Shown[]): string[] {
  if (shown.length === 0) return ['names no test'];
  return shown.flatMap(({ path, title }) => {
    if (!/^test\/.*\.ts$/.test(path) || !existsSync(join(ROOT, path))) return [`${path} is no file of tests`];
    const text = read(path);
    if (title === undefined) return /\bit(\.each)?\(/.test(text) ? [] : [`${path} has no test`];
    return hasTest(text, title) ? [] : [`${path} has no test "${title}"`];
  });
}

describe('docs/threats.md', () => {
  const rows = findShown(read('docs/threats.md'));

  it('has many', () => expect(rows.length).toBeGreaterThan(25));

  it('is read as sentences: no place of a case, no line that is too wide', () => {
    const lines = read('docs/threats.md').split('\n');
    expect(lines.filter((line) => line.length > 170 || /%[sjdif]\b|\$\w/.test(line))).toEqual([]);
  });

  it.each(rows)('names tests that there are: $threat', ({ shown }) => {
    expect(findFaults(shown)).toEqual([]);
  });
});

describe('the reader of threats', () => {
  const faultsOf = (...items: readonly string[]): string[] =>
    findFaults(findShown(`- **a.** b\n${items.map((item) => `  - ${item}\n`).join('')}`)[0]!.shown);
  const own = '`test/threats.test.ts`';

  it('finds a measure without a test, a file that is not there, and a test that is not in it', () => {
    expect(faultsOf()).toEqual(['names no test']);
    expect(faultsOf('by reading')).toEqual(['names no test']);
    expect(faultsOf('All of `test/absent.test.ts`')).toEqual(['test/absent.test.ts is no file of tests']);
    expect(faultsOf('All of `src/cli.ts`')).toEqual(['src/cli.ts is no file of tests']);
    expect(faultsOf(`Docs/threats.md dreams (${own})`)).toEqual([
      'test/threats.test.ts has no test "Docs/threats.md dreams"',
    ]);
    expect(faultsOf(`Another block has many (${own})`)).toHaveLength(1);
    expect(faultsOf(`All of ${own}`, `Docs/threats.md has many\n    (${own})`)).toEqual([]);
    expect(faultsOf(`Docs/threats.md names tests that there are: … (${own})`)).toEqual([]);
  });
});
