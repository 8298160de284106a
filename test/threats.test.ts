import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Shown {
  readonly path: string;
  /** Title of one test in it; of all of them when absent. */
  readonly title: string | undefined;
}

/** What each row of the table names in its last cell: paths in code spans, with titles behind them. */
function findShown(markdown: string): { threat: string; shown: readonly Shown[] }[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim());
    const shown = cells
      .at(-1)!
      .split('<br>')
      .flatMap((each) => {
        const [, path, title] = /^`([^`]+)`(?:: (.+))?$/.exec(each.trim()) ?? [];
        return path === undefined ? [] : [{ path, title }];
      });
    return { threat: `${cells[0]}: ${cells[1]}`, shown };
  });
}

/** What is wrong with the tests that a row names; nothing where all are there. */
function findFaults(shown: readonly Shown[]): string[] {
  if (shown.length === 0) return ['names no test'];
  return shown.flatMap(({ path, title }) => {
    if (!/^test\/.*\.ts$/.test(path) || !existsSync(join(ROOT, path))) return [`${path} is no file of tests`];
    const text = read(path);
    if (title === undefined) return /\bit(\.each)?\(/.test(text) ? [] : [`${path} has no test`];
    return text.includes(`'${title}'`) ? [] : [`${path} has no test "${title}"`];
  });
}

describe('docs/threats.md', () => {
  const rows = findShown(read('docs/threats.md'));

  it('has a table', () => expect(rows.length).toBeGreaterThan(15));

  it.each(rows)('names tests that there are: $threat', ({ shown }) => {
    expect(findFaults(shown)).toEqual([]);
  });
});

describe('the reader of threats', () => {
  const head = '| who | what | against | shown by |\n| --- | --- | --- | --- |\n';
  const faultsOf = (cell: string): string[] => findFaults(findShown(`${head}| a | b | c | ${cell} |\n`)[0]!.shown);

  it('finds a row without a test, a file that is not there, and a test that is not in it', () => {
    expect(faultsOf('by reading')).toEqual(['names no test']);
    expect(faultsOf('`test/absent.test.ts`')).toEqual(['test/absent.test.ts is no file of tests']);
    expect(faultsOf('`src/cli.ts`')).toEqual(['src/cli.ts is no file of tests']);
    expect(faultsOf('`test/threats.test.ts`: dreams')).toEqual(['test/threats.test.ts has no test "dreams"']);
    expect(faultsOf('`test/threats.test.ts`<br>`test/threats.test.ts`: has a table')).toEqual([]);
  });
});
