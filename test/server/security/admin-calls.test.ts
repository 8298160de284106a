import { writeFile } from 'node:fs/promises';
import { status, type ServiceError } from '@grpc/grpc-js';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, SignJWT } from 'jose';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createClientFixture, type ScoringClient } from '../../support/grpc-client.ts';
import { createModelFolderFixture, tinyRow } from '../../support/model-folder.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const createFolder = createModelFolderFixture();
const data = useDataFolder();

const TOKENS = { score: 'a-secret-of-the-tests-0001', admin: 'a-secret-of-the-tests-0002' };
const CLAIMS = { jwtIssuer: 'https://issuer', jwtAudience: 'aristarch' };

let keys: GenerateKeyPairResult;
beforeAll(async () => {
  keys = await generateKeyPair('ES256');
});

let address: string;
/** A server of fans and pumps that takes tokens of a file and JWTs, and changes models on a call. */
beforeEach(async () => {
  const [tokens, jwks] = [data.path('tokens.json'), data.path('keys.json')];
  const entries = Object.entries(TOKENS).map(([role, token]) => ({ name: `the one of ${role}`, role, token }));
  await writeFile(tokens, JSON.stringify(entries));
  await writeFile(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] }));
  const folder = await createFolder();
  for (const model of ['pumps', 'fans']) await folder.write(model, '1', 1);
  const models = { model: undefined, models: folder.path, defaultModel: 'pumps', device: 'cpu', modelsPollMs: 0 };
  const settings = { ...models, adminCalls: true, tokens, jwks, ...CLAIMS };
  address = (await serve({ openDetector, settings })).addresses.grpc;
});

const sign = (roles: readonly string[]): Promise<string> =>
  new SignJWT({ roles })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setSubject('somebody')
    .setIssuer(CLAIMS.jwtIssuer)
    .setAudience(CLAIMS.jwtAudience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(keys.privateKey);

/** Status of each call, in an order in which each can succeed. */
async function codesOf(client: ScoringClient): Promise<Readonly<Record<string, number | undefined>>> {
  const calls = {
    ListModels: () => client.list(),
    UnloadModel: () => client.unload('fans'),
    LoadModel: () => client.load('fans'),
    DescribeModel: () => client.describe('pumps'),
    Score: () => client.score(tinyRow(1)),
  };
  const codes: Record<string, number | undefined> = {};
  for (const [name, call] of Object.entries(calls)) {
    codes[name] = await call().then(
      () => status.OK,
      (error: unknown) => (error as ServiceError).code,
    );
  }
  return codes;
}

const all = (code: number) =>
  Object.fromEntries(['ListModels', 'UnloadModel', 'LoadModel', 'DescribeModel', 'Score'].map((name) => [name, code]));
const { OK, PERMISSION_DENIED, UNAUTHENTICATED } = status;
const SCORE_ONLY = {
  ...{ ListModels: PERMISSION_DENIED, UnloadModel: PERMISSION_DENIED, LoadModel: PERMISSION_DENIED },
  ...{ DescribeModel: OK, Score: OK },
};

describe('the calls of administrators', () => {
  it('are UNAUTHENTICATED without a token, with an unknown one, and with a JWT of another key', async () => {
    expect(await codesOf(connect(address))).toEqual(all(UNAUTHENTICATED));
    expect(await codesOf(connect(address, { token: 'a-secret-nobody-knows-0009' }))).toEqual(all(UNAUTHENTICATED));
    const [own, foreign] = [keys, await generateKeyPair('ES256')];
    keys = foreign;
    const token = await sign(['admin']);
    keys = own;
    expect(await codesOf(connect(address, { token }))).toEqual(all(UNAUTHENTICATED));
  });

  it('are PERMISSION_DENIED for the role score, which may describe and score', async () => {
    expect(await codesOf(connect(address, { token: TOKENS.score }))).toEqual(SCORE_ONLY);
    expect(await codesOf(connect(address, { token: await sign(['score']) }))).toEqual(SCORE_ONLY);
  });

  it('tell nobody names of models that he may not list', async () => {
    for (const token of [TOKENS.score, await sign(['score'])]) {
      const client = connect(address, { token });
      for (const model of ['pumpz', 'fan']) {
        const refusals = [
          client.refusal({ ...tinyRow(1), model }),
          client.describe(model).catch((error: unknown) => error),
        ];
        for (const { code, details } of (await Promise.all(refusals)) as ServiceError[]) {
          expect([code, details]).toEqual([
            status.NOT_FOUND,
            `there is no model "${model}"; ListModels lists those there are`,
          ]);
        }
      }
    }
  });

  it('are PERMISSION_DENIED, as all others, for a JWT without a role of ours', async () => {
    expect(await codesOf(connect(address, { token: await sign(['reader']) }))).toEqual(all(PERMISSION_DENIED));
  });

  it('are answered for the role admin', async () => {
    expect(await codesOf(connect(address, { token: TOKENS.admin }))).toEqual(all(OK));
    expect(await codesOf(connect(address, { token: await sign(['admin']) }))).toEqual(all(OK));
  });
});
