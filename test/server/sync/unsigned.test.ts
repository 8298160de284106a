import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { createSyncCommand } from '../../../src/server/sync-command.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';
import { useDataFolder } from '../../support/data-files.ts';

const data = useDataFolder();

/** What a pass says that finds nobody at the address. */
async function say(from: string, ...flags: readonly string[]): Promise<string> {
  const terminal = createListeningTerminal();
  const env = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'here',
  };
  const command = createSyncCommand({ terminal, env });
  await command.parseAsync(['--from', from, '--to', data.path('models'), ...flags], { from: 'user' });
  return terminal.err();
}

it('sync warns of models that come without encryption and without signatures, and of no others', async () => {
  const warning = /^warning: models come without encryption and without signatures.*use https, or --trusted-keys/;
  for (const from of ['http://127.0.0.1:1/models', 's3://bucket/models']) expect(await say(from)).toMatch(warning);
  const { publicKey } = generateKeyPairSync('ed25519');
  await writeFile(data.path('key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const signed = await say('http://127.0.0.1:1/models', '--trusted-keys', data.path('key.pem'));
  for (const said of [signed, await say('https://127.0.0.1:1/models')]) {
    expect(said).not.toMatch(/warning/);
    expect(said).not.toBe('');
  }
});
