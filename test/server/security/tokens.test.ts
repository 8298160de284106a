import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, SignJWT } from 'jose';
import {
  createClientFixture,
  createRawClientFixture,
  dense,
  HEALTH,
  type HealthClient,
  type ScoreStream,
} from '../../support/grpc-client.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { get } from '../../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { waitUntil } from '../../support/wait-until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();
const data = useDataFolder();

const SECRET = 'a-secret-of-the-tests-0001';
const ADMIN = 'a-secret-of-the-tests-0002';

let path: string;
beforeEach(async () => {
  path = data.path('tokens.json');
  await write([
    { name: 'orders', role: 'score', token: SECRET },
    { name: 'root', role: 'admin', sha256: createHash('sha256').update(ADMIN).digest('hex') },
  ]);
});
const write = (entries: unknown) => writeFile(path, JSON.stringify(entries));

const isRefused = (address: string, token: string): Promise<boolean> =>
  connect(address, { token })
    .score(dense(1))
    .then(
      () => false,
      (error: unknown) => (error as ServiceError).code === status.UNAUTHENTICATED,
    );
const untilAsked = (address: string, token: string) =>
  waitUntil('the new token', async () => !(await isRefused(address, token)));

/** A stream that scores a row at a time. */
function openStream(address: string, token: string) {
  const { raw } = connect(address);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const stream = (raw.scoreStream as unknown as (shown: Metadata) => ScoreStream)(metadata);
  const ended = new Promise<never>((_, reject) => stream.on('error', reject));
  ended.catch(() => undefined);
  return {
    score: async (): Promise<void> => {
      const answered = new Promise<void>((resolve) => stream.once('data', () => resolve()));
      stream.write(dense(1));
      await Promise.race([answered, ended]);
    },
  };
}

describe('bearer tokens', () => {
  it('are asked of each call but health; one token stands there by its hash', async () => {
    const { addresses } = await serve({ settings: { tokens: path } });
    for (const token of [SECRET, ADMIN]) {
      expect((await connect(addresses.grpc, { token }).score(dense(1))).results).toHaveLength(1);
    }
    for (const access of [{}, { token: 'another-secret-0003' }]) {
      const refused = await connect(addresses.grpc, access).refusal(dense(1));
      expect(refused.code).toBe(status.UNAUTHENTICATED);
      expect(refused.metadata.get('aristarch-code')).toEqual(['UNAUTHENTICATED']);
    }
    const health = connectRaw(addresses.grpc, HEALTH) as HealthClient;
    const answer = await new Promise((resolve) =>
      health.check({ service: '' }, (_error, response) => resolve(response)),
    );
    expect(answer).toEqual({ status: 'SERVING' });
  });

  it('end a stream before its first message is read', async () => {
    const { addresses } = await serve({ settings: { tokens: path } });
    const stream = connect(addresses.grpc).raw.scoreStream();
    const ended = new Promise<{ code?: number }>((resolve) => stream.on('error', resolve));
    stream.write(dense(1));
    stream.resume();
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
  });

  it('are asked for again in a stream once they have changed, and end it where the old one is gone', async () => {
    const { addresses } = await serve({ settings: { tokens: path, reloadIntervalMs: 100 } });
    const stream = openStream(addresses.grpc, SECRET);
    await stream.score();
    const entry = { name: 'orders', role: 'score', token: SECRET };
    await write([entry, { name: 'root', role: 'admin', token: ADMIN }]);
    await untilAsked(addresses.grpc, ADMIN);
    await stream.score();
    await write([{ name: 'root', role: 'admin', token: ADMIN }]);
    await waitUntil('the refusal of the old token', () => isRefused(addresses.grpc, SECRET));
    await expect(stream.score()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('change with the file: a token that is taken out is refused, a file that is broken changes nothing', async () => {
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, settings: { tokens: path, reloadIntervalMs: 100 } });
    const client = connect(addresses.grpc, { token: SECRET });
    await client.score(dense(1));
    await writeFile(path, `[{"name": "orders", "token": "${SECRET}"`);
    await waitUntil('the refusal in the log', () =>
      lines().some(({ msg }) => /tokens changed and cannot/.test(String(msg))),
    );
    await client.score(dense(1));
    await write([{ name: 'root', role: 'admin', token: ADMIN }]);
    await waitUntil('the refusal of the old token', async () => {
      const code = await client.score(dense(1)).then(
        () => undefined,
        (error: unknown) => (error as ServiceError).code,
      );
      return code === status.UNAUTHENTICATED;
    });
    expect(JSON.stringify(lines())).not.toContain(SECRET);
  });

  it('appear in no log and no error, not even at the most talkative level', async () => {
    const { log, lines } = createListeningLog();
    log.level = 'trace';
    const { addresses } = await serve({ log, settings: { tokens: path } });
    const unknown = 'a-secret-nobody-knows-0009';
    const refused = await connect(addresses.grpc, { token: unknown }).refusal(dense(1));
    await connect(addresses.grpc, { token: SECRET }).score(dense(1));
    await get(addresses.http, '/', { headers: { authorization: `Bearer ${unknown}` } });
    const said = JSON.stringify([lines(), refused.message, refused.metadata.toJSON()]);
    for (const secret of [unknown, SECRET, ADMIN]) expect(said).not.toContain(secret);
  });

  it('are refused at the start when the file is not as it should be; what stands in it is not repeated', async () => {
    const refused = async (text: string, pattern: RegExp) => {
      await writeFile(path, text);
      const error = await serve({ settings: { tokens: path } }).then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      expect(error?.message).toMatch(pattern);
      expect(error?.message).not.toContain('hunter2');
    };
    await refused('{"token": hunter2', /is not JSON/);
    await refused('[]', /at least one token/);
    await refused('[{"name": "a", "role": "score", "token": "hunter2"}]', /entry 0.token: a token has at least 16/);
    await refused('[{"name": "a", "role": "root", "token": "hunter2hunter2hunter2"}]', /entry 0.role/);
    await refused('[{"name": "a", "role": "score"}]', /either "token" or "sha256"/);
    const entry = '{"name": "a", "role": "score", "token": "hunter2hunter2hunter2"}';
    await refused(`[${entry}, ${entry}]`, /stands there twice/);
  });

  it('guard the live page, as a bearer token or as a password, and leave metrics and probes open', async () => {
    const { addresses } = await serve({ settings: { tokens: path } });
    const ask = (where: string, authorization?: string) =>
      fetch(`http://${addresses.http}${where}`, { headers: authorization === undefined ? {} : { authorization } });
    const basic = (password: string) => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;
    const refused = await ask('/');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(await refused.text()).not.toContain('<html');
    expect((await ask('/events', basic('wrong-password-00000'))).status).toBe(401);
    expect((await ask('/', basic(SECRET))).status).toBe(200);
    expect((await ask('/', `Bearer ${SECRET}`)).status).toBe(200);
    for (const open of ['/metrics', '/healthz', '/readyz']) expect((await ask(open)).status).toBe(200);
  });
});

describe('JWT', () => {
  let keys: GenerateKeyPairResult;
  let foreign: GenerateKeyPairResult;
  let jwks: string;
  beforeAll(async () => {
    keys = await generateKeyPair('ES256');
    foreign = await generateKeyPair('ES256');
    jwks = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] });
  });
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const settings = () => ({ jwks: path, jwtIssuer: 'https://issuer', jwtAudience: 'aristarch' });
  interface Changes {
    readonly issuer?: string;
    readonly audience?: string;
    readonly expires?: string;
    readonly roles?: unknown;
    readonly key?: GenerateKeyPairResult['privateKey'];
  }
  const sign = ({
    issuer = 'https://issuer',
    audience = 'aristarch',
    expires = '5m',
    roles = ['score'],
    key = keys.privateKey,
  }: Changes = {}) =>
    new SignJWT({ roles })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setSubject('orders')
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(key);

  it('is taken with the right signature, issuer, audience, time and role, and not otherwise', async () => {
    await writeFile(path, jwks);
    const { addresses } = await serve({ settings: settings() });
    const codeOf = async (token: string) =>
      connect(addresses.grpc, { token })
        .score(dense(1))
        .then(
          () => status.OK,
          (error: unknown) => (error as ServiceError).code,
        );
    expect(await codeOf(await sign())).toBe(status.OK);
    expect(await codeOf(await sign({ roles: 'read admin' }))).toBe(status.OK);
    expect(await codeOf(await sign({ roles: [] }))).toBe(status.PERMISSION_DENIED);
    expect(await codeOf(await sign({ issuer: 'https://other' }))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(await sign({ audience: 'other' }))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(await sign({ expires: '-5m' }))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(await sign({ key: foreign.privateKey }))).toBe(status.UNAUTHENTICATED);
    const [head, body] = (await sign()).split('.') as [string, string];
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await codeOf(`${unsigned}.${body}.`)).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(`${head}.${body}.AAAA`)).toBe(status.UNAUTHENTICATED);
  });

  it('is checked by the keys at an address; while they cannot be had the call is UNAVAILABLE', async () => {
    let up = false;
    const server = createServer((_request, response) => {
      response.statusCode = up ? 200 : 503;
      response.setHeader('content-type', 'application/json');
      response.end(up ? jwks : '');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, settings: { ...settings(), jwks: `${address}?key=hunter2` } });
    const client = connect(addresses.grpc, { token: await sign() });
    for (let call = 0; call < 2; call++) {
      const refused = await client.refusal(dense(1));
      expect(refused.code).toBe(status.UNAVAILABLE);
      expect(JSON.stringify([refused.message, refused.metadata.toJSON()])).not.toMatch(/127\.0\.0\.1|hunter2/);
    }
    // The address is for the log, said once, and without what may be a key in it.
    const said = lines().filter(({ msg }) => /its keys cannot be had/.test(String(msg)));
    expect(said).toHaveLength(1);
    expect(JSON.stringify(said)).toContain(address);
    expect(JSON.stringify(lines())).not.toContain('hunter2');
    up = true;
    expect((await client.score(dense(1))).results).toHaveLength(1);
  });

  it('ends a stream when it has expired', async () => {
    await writeFile(path, jwks);
    let aheadMs = 0;
    const clock = { ...SYSTEM_CLOCK, wallMs: () => Date.now() + aheadMs };
    const { addresses } = await serve({ clock, settings: settings() });
    const stream = openStream(addresses.grpc, await sign({ expires: '5m' }));
    await stream.score();
    aheadMs = 5 * 60_000;
    await stream.score();
    aheadMs += 31_000; // Clocks may differ by half a minute.
    await expect(stream.score()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('is checked by the keys that the file has now, also in a stream', async () => {
    await writeFile(path, jwks);
    const { addresses } = await serve({ settings: { ...settings(), reloadIntervalMs: 100 } });
    const [old, renewed] = [await sign(), await sign({ key: foreign.privateKey })];
    const stream = openStream(addresses.grpc, old);
    await stream.score();
    const key = { ...(await exportJWK(foreign.publicKey)), kid: 'k1', alg: 'ES256' };
    await writeFile(path, JSON.stringify({ keys: [key] }));
    await untilAsked(addresses.grpc, renewed);
    expect(await isRefused(addresses.grpc, old)).toBe(true);
    await expect(stream.score()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('takes no address of keys with a user in it', async () => {
    const started = serve({ settings: { ...settings(), jwks: 'https://me:hunter2@issuer/keys' } });
    const error = await started.then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error?.message).toMatch(/without a user/);
  });

  it('needs a file with keys', async () => {
    await writeFile(path, '{"keys": 1}');
    await expect(serve({ settings: settings() })).rejects.toThrow(/holds no key set/);
  });
});
