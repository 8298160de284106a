import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');

/** Licences that ask for no more than a notice. */
const PERMISSIVE = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
  'BlueOak-1.0.0',
];

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), license: z.string().optional() })),
});
const packageSchema = z.object({ license: z.string() });

/** Whether an SPDX expression lets us choose permissive licences only. Parentheses inside an alternative are not understood. */
function isPermissive(expression: string): boolean {
  const alternatives = expression.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return alternatives.some((all) => all.split(' AND ').every((licence) => PERMISSIVE.includes(licence)));
}

/** Licence of a locked package: what it says itself where it is installed, else what the lock file says of it. */
function licenceOf(folder: string, locked: string | undefined): string {
  const path = join(ROOT, folder, 'package.json');
  if (!existsSync(path)) return locked ?? 'none';
  return packageSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.license ?? 'none';
}

describe('the licence of every package that runs in production', () => {
  const lock = lockSchema.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
  const production = Object.entries(lock.packages).filter(([folder, { dev }]) => folder !== '' && dev !== true);

  it('is permissive', () => {
    const refused = production
      .map(([folder, { license }]) => ({ folder, licence: licenceOf(folder, license) }))
      .filter(({ licence }) => !isPermissive(licence));
    expect(refused).toEqual([]);
    expect(production.length).toBeGreaterThan(50);
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND ISC', true],
    ['GPL-3.0-only', false],
    ['MIT AND GPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['none', false],
  ])('is read rightly: %s', (expression, expected) => expect(isPermissive(expression)).toBe(expected));
});
