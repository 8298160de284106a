import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Suite {
  readonly path: string;
}

/** Plain JavaScript, since Jest loads it before anything runs TypeScript. */
interface Module {
  readonly LONGEST: readonly string[];
  readonly default: new (options: object) => { sort(tests: readonly Suite[]): readonly Suite[] };
}

const TESTS = resolve(import.meta.dirname, '..');

describe('the order of suites', () => {
  it('has long ones first, each of which is there, and leaves no other out', async () => {
    const { LONGEST, default: LongestFirst } = (await import(`${TESTS}/support/longest-first.mjs`)) as Module;
    const long = LONGEST.map((name) => `${TESTS}/${name}.test.ts`);
    expect(long.filter((path) => !existsSync(path))).toEqual([]);
    const others = [`${TESTS}/docs.test.ts`, `${TESTS}/bench/guides/guides.test.ts`];
    const context = {
      config: { id: 'none', cacheDirectory: `${TESTS}/no-such-cache` },
      hasteFS: { getSize: () => 1 },
    };
    const tests = [...others, ...long.toReversed()].map((path) => ({ path, context }));
    const sorted = new LongestFirst({}).sort(tests).map(({ path }) => path);
    expect(sorted.slice(0, long.length)).toEqual(long);
    expect(sorted.slice(long.length).toSorted()).toEqual(others.toSorted());
  });
});
