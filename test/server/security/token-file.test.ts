import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { openTokenFile, parseTokens } from '../../../src/server/security/token-file.ts';
import { useDataFolder } from '../../support/data-files.ts';

const data = useDataFolder();

const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');
const [SECRET, ADMIN] = ['a-secret-of-the-tests-0001', 'a-secret-of-the-tests-0002'];
const TEXT = JSON.stringify([
  { name: 'orders', role: 'score', token: SECRET },
  { name: 'root', role: 'admin', sha256: digestOf(ADMIN).toUpperCase() },
]);

it('the tokens of a file are kept as digests alone, and compared by them', async () => {
  const kept = parseTokens(TEXT, 'tokens.json');
  expect([...kept]).toEqual([
    [digestOf(SECRET), { name: 'orders', roles: ['score'] }],
    [digestOf(ADMIN), { name: 'root', roles: ['admin'] }],
  ]);
  const path = data.path('tokens.json');
  await writeFile(path, TEXT);
  const file = await openTokenFile({ path, intervalMs: 60_000, onChange: () => undefined });
  expect([SECRET, ADMIN].map((token) => file.find(token)?.name)).toEqual(['orders', 'root']);
  // Who has read what is kept has no token by it.
  for (const shown of [...kept.keys(), SECRET.slice(0, -1), '']) expect(file.find(shown)).toBeUndefined();
  file.stop();
});
