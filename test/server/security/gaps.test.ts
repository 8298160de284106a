import { expect, it } from '@jest/globals';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { resolveServeConfig } from '../../../src/server/config.ts';
import { openSecurity } from '../../../src/server/security/security.ts';
import { createListeningLog } from '../../support/serve-fixture.ts';

const JWT = { jwtIssuer: 'https://issuer', jwtAudience: 'aristarch' };

/** What the log warns of at the start with these settings. */
async function warningsWith(file: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { log, lines } = createListeningLog();
  const config = resolveServeConfig({ flags: {}, env: {}, file: { models: 'models', ...file } });
  (await openSecurity({ config, log, clock: SYSTEM_CLOCK })).close();
  return lines().map(({ msg }) => String(msg));
}

it('the log warns of calls of administrators that anybody may make', async () => {
  expect(await warningsWith({})).toEqual([]);
  expect(await warningsWith({ adminCalls: 'on' })).toEqual([
    expect.stringMatching(
      /^--admin-calls is on and nobody is asked who calls: .*; use --tokens, --jwks or --tls-client-ca/,
    ),
  ]);
  const known = await warningsWith({ adminCalls: 'on', jwks: 'https://issuer/keys', ...JWT });
  expect(known).toEqual([expect.stringMatching(/^bearer tokens are read from connections without encryption/)]);
});

it('the log warns of keys of JWTs that come without encryption', async () => {
  const warnings = await warningsWith({ jwks: 'http://issuer/keys', ...JWT });
  expect(warnings).toContainEqual(
    expect.stringMatching(/^the key set of --jwks comes without encryption.*use https, or a file/),
  );
});
