import { writeFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { createAuthority, createCertificate } from '../../support/certificates.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { callErrorOf, createTypedClientFixture, payment } from '../../support/typed-client.ts';

const serve = createServeFixture();
const connect = createTypedClientFixture();
const data = useDataFolder();

it("shows its certificate and its token over TLS, and trusts only the authority's server", async () => {
  const authority = await createAuthority();
  const [server, caller] = [await createCertificate(authority, 'aristarch'), await createCertificate(authority, 'me')];
  const [tlsCert, tlsKey, tlsClientCa] = [data.path('tls.crt'), data.path('tls.key'), data.path('ca.crt')];
  const tokens = data.path('tokens.json');
  await Promise.all([
    writeFile(tlsCert, server.cert),
    writeFile(tlsKey, server.key),
    writeFile(tlsClientCa, authority.cert),
    writeFile(tokens, JSON.stringify([{ name: 'scorer', role: 'score', token: 'a-secret-of-some-length' }])),
  ]);
  const { addresses } = await serve({ settings: { tlsCert, tlsKey, tlsClientCa, tokens } });
  const tls = { authority: authority.cert, key: caller.key, certificate: caller.cert };
  let asked = 0;
  const token = () => Promise.resolve(asked++ === 0 ? 'a-secret-that-has-expired' : 'a-secret-of-some-length');
  const client = connect(addresses.grpc, { tls, token });
  expect(await callErrorOf(client.score([payment(1)]))).toMatchObject({ status: 'UNAUTHENTICATED', attempts: 1 });
  expect((await client.score([payment(1)])).results).toHaveLength(1);
  expect(await callErrorOf(client.unloadModel('double'))).toMatchObject({ status: 'PERMISSION_DENIED' });

  const deadlineMs = 1_000;
  const stranger = connect(addresses.grpc, { tls: { authority: (await createAuthority()).cert }, deadlineMs });
  expect((await callErrorOf(stranger.score([payment(1)]))).status).toMatch(/UNAVAILABLE|DEADLINE_EXCEEDED/);
});
