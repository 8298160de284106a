import { writeFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import type { AristarchError } from '../../../src/base/errors.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createJwtVerifier } from '../../../src/server/security/jwt.ts';
import { useDataFolder } from '../../support/data-files.ts';

const data = useDataFolder();

it('a file of keys that cannot be used makes tokens UNAVAILABLE; which file is told once, and not to callers', async () => {
  const jwks = data.path('keys.json');
  const unusable = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'k1', alg: 'ES256' };
  await writeFile(jwks, JSON.stringify({ keys: [unusable] }));
  const faults: AristarchError[] = [];
  const verifier = await createJwtVerifier({
    ...{ jwks, issuer: 'https://issuer', audience: 'aristarch', rolesClaim: 'roles', clock: SYSTEM_CLOCK },
    ...{ intervalMs: 60_000, onChange: () => undefined, onFault: (fault) => faults.push(fault) },
  });
  const { privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({ roles: ['score'] })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setExpirationTime('5m')
    .sign(privateKey);
  for (let call = 0; call < 2; call++) {
    const refusal: unknown = await verifier.verify(token).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ code: 'UNAVAILABLE', message: expect.not.stringContaining(jwks) });
  }
  expect(faults).toEqual([expect.objectContaining({ message: expect.stringContaining(jwks) })]);
  verifier.stop();
});
