import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const names = z.record(z.string(), z.string()).optional();
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      ...{ dependencies: names, optionalDependencies: names },
      ...{ resolved: z.string().optional(), version: z.string().optional() },
    }),
  ),
});
type Packages = z.infer<typeof lockSchema>['packages'];

/** Dependencies that a package names and the lock file does not hold, where Node would look for them. */
function findMissing(packages: Packages): string[] {
  return Object.entries(packages).flatMap(([folder, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isReachable(packages, folder, name)),
  );
}

function isReachable(packages: Packages, folder: string, name: string): boolean {
  for (let base = folder; ; base = base.slice(0, Math.max(base.lastIndexOf('node_modules/') - 1, 0))) {
    if (Object.hasOwn(packages, base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`)) return true;
    if (base === '') return false;
  }
}

function without(packages: Packages, folder: string): Packages {
  return Object.fromEntries(Object.entries(packages).filter(([key]) => key !== folder));
}

describe('the lock file', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../package-lock.json'), 'utf8');
  const { packages } = lockSchema.parse(JSON.parse(text));

  // npm leaves out a platform's package that its registry does not have (yet), and then refuses its own lock file in `npm ci`.
  it('holds every dependency for every platform', () => expect(findMissing(packages)).toEqual([]));

  it('names no address, so that any registry can serve it', () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved?.includes('://'))).toEqual([]);
  });

  // 2.2.4 arms a timer of 1 ms for each connection to a broker, for ever: 4.7 % of a core each while nothing happens (decisions/0010).
  it('holds kafkajs at 2.2.3, the last version without a timer that never rests', () => {
    const held = Object.entries(packages).filter(([folder]) => folder.endsWith('node_modules/kafkajs'));
    expect(held.map(([, { version }]) => version)).toEqual(['2.2.3']);
  });

  it('is found incomplete when a nested or a hoisted package is taken away', () => {
    const complete: Packages = {
      '': { dependencies: { a: '1' } },
      'node_modules/a': { optionalDependencies: { b: '1', c: '1' } },
      'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
      'node_modules/c': {},
    };
    expect(findMissing(complete)).toEqual([]);
    expect(findMissing(without(complete, 'node_modules/c'))).toEqual(['c', 'c']);
    expect(findMissing(without(complete, 'node_modules/a/node_modules/b'))).toEqual(['b']);
  });
});
