import { writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { credentials, status } from '@grpc/grpc-js';
import { createAuthority, createCertificate, type Pem } from '../../support/certificates.ts';
import { createClientFixture, dense } from '../../support/grpc-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { waitUntil } from '../../support/wait-until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const data = useDataFolder();

const PAST = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2021-01-01') };

let authority: Pem;
let other: Pem;
let server: Pem;
let analyst: Pem;
beforeAll(async () => {
  authority = await createAuthority();
  other = await createAuthority('Somebody Else');
  server = await createCertificate(authority, 'aristarch');
  analyst = await createCertificate(authority, 'analyst');
});

let files: { tlsCert: string; tlsKey: string };
beforeEach(async () => {
  files = { tlsCert: data.path('tls.crt'), tlsKey: data.path('tls.key') };
  await write(server);
  await writeFile(data.path('ca.crt'), authority.cert);
});
async function write({ cert, key }: Pem): Promise<void> {
  await Promise.all([writeFile(files.tlsCert, cert), writeFile(files.tlsKey, key)]);
}

const trusting = (client?: Pem, trusted = authority) =>
  credentials.createSsl(
    Buffer.from(trusted.cert),
    client === undefined ? null : Buffer.from(client.key),
    client === undefined ? null : Buffer.from(client.cert),
  );

/** Common name of the certificate that a port shows at present. */
function shownAt(address: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { host, port: Number(port), ca: authority.cert, ALPNProtocols: ['h2', 'http/1.1'] },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

describe('TLS', () => {
  it('scores for a client that trusts the authority, and not for one without encryption or with other trust', async () => {
    const { addresses } = await serve({ settings: files });
    const scored = await connect(addresses.grpc, { secure: trusting() }).score(dense(1));
    expect(scored.results).toHaveLength(1);
    for (const access of [{}, { secure: trusting(undefined, other) }]) {
      expect((await connect(addresses.grpc, access).refusal(dense(1))).code).toBe(status.UNAVAILABLE);
    }
  });

  it('wants a certificate of the client, of that authority and not an expired one, where --tls-client-ca is given', async () => {
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, settings: { ...files, tlsClientCa: data.path('ca.crt') } });
    // Of the live page, which has no such question, the log says so.
    expect(lines().filter(({ msg }) => /certificates are asked for by gRPC alone/.test(String(msg)))).toHaveLength(1);
    const foreign = await createCertificate(other, 'analyst');
    const expired = await createCertificate(authority, 'analyst', PAST);
    for (const secure of [trusting(), trusting(foreign), trusting(expired)]) {
      expect((await connect(addresses.grpc, { secure }).refusal(dense(1))).code).toBe(status.UNAVAILABLE);
    }
    const scored = await connect(addresses.grpc, { secure: trusting(analyst) }).score(dense(1));
    expect(scored.results).toHaveLength(1);
  });

  it('refuses clients of the old authority once --tls-client-ca is another, and takes those of the new one', async () => {
    const tlsClientCa = data.path('ca.crt');
    const { addresses } = await serve({ settings: { ...files, tlsClientCa, reloadIntervalMs: 100 } });
    const foreign = await createCertificate(other, 'analyst');
    const isTaken = (client: Pem): Promise<boolean> =>
      connect(addresses.grpc, { secure: trusting(client) })
        .score(dense(1))
        .then(
          () => true,
          () => false,
        );
    expect([await isTaken(analyst), await isTaken(foreign)]).toEqual([true, false]);
    await writeFile(tlsClientCa, other.cert);
    await waitUntil('a client of the new authority', () => isTaken(foreign));
    expect(await isTaken(analyst)).toBe(false);
  });

  it('shows a new certificate to new connections once the files have changed, on both ports, and keeps old ones open', async () => {
    const { addresses } = await serve({ settings: { ...files, httpTls: true, reloadIntervalMs: 100 } });
    const client = connect(addresses.grpc, { secure: trusting() });
    await client.score(dense(1));
    for (const address of [addresses.grpc, addresses.http]) expect(await shownAt(address)).toBe('aristarch');
    await write(await createCertificate(authority, 'renewed'));
    for (const address of [addresses.grpc, addresses.http]) {
      await waitUntil('the new certificate', async () => (await shownAt(address)) === 'renewed');
    }
    expect((await client.score(dense(1))).results).toHaveLength(1);
  });

  it('keeps the old certificate, and says so once, when the new key is not the one of the certificate', async () => {
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, settings: { ...files, reloadIntervalMs: 100 } });
    await writeFile(files.tlsKey, analyst.key);
    const refusals = () => lines().filter(({ msg }) => /cannot be used; the old ones stay/.test(String(msg)));
    await waitUntil('the refusal in the log', () => refusals().length > 0);
    expect(await shownAt(addresses.grpc)).toBe('aristarch');
    expect(refusals()).toHaveLength(1);
    expect(JSON.stringify(refusals())).not.toContain('PRIVATE KEY');
    await write(await createCertificate(authority, 'mended'));
    await waitUntil('the mended certificate', async () => (await shownAt(addresses.grpc)) === 'mended');
  });

  it('does not start with a key of another certificate, an expired one, no PEM, or a file that is not there', async () => {
    const start = (changes: Readonly<Record<string, string>>) => serve({ settings: { ...files, ...changes } });
    const put = async (name: string, text: string): Promise<string> => {
      await writeFile(data.path(name), text);
      return data.path(name);
    };
    const expired = await createCertificate(authority, 'old', PAST);
    await expect(start({ tlsKey: await put('other.key', analyst.key) })).rejects.toThrow(/other.key is not the one of/);
    await expect(start({ tlsCert: await put('old.crt', expired.cert) })).rejects.toThrow(/expired on Jan {2}1/);
    await expect(start({ tlsCert: await put('no.crt', 'hello') })).rejects.toThrow(
      /no.crt holds no certificate in PEM/,
    );
    await expect(start({ tlsKey: data.path('gone.key') })).rejects.toThrow(/gone.key cannot be read/);
  });

  it('refuses settings that make sense only together', async () => {
    const refused = async (settings: Readonly<Record<string, unknown>>) => {
      await expect(serve({ settings })).rejects.toThrow(/belong together|as well|needs/);
    };
    await refused({ tlsCert: files.tlsCert });
    await refused({ tlsClientCa: data.path('ca.crt') });
    await refused({ ...files, tlsAdminNames: ['root'] });
    await refused({ httpTls: true });
    await refused({ jwks: 'https://issuer/keys' });
  });
});
