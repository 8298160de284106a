import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { type Client, Metadata, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import type { AristarchError } from '../../../src/base/errors.ts';
import { roleOfMethod } from '../../../src/server/security/method-roles.ts';
import { createRateLimits, type RateMeter } from '../../../src/server/security/rate-limits.ts';
import { loadContract, SERVICE } from '../../../src/server/grpc/contract.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from '../../../src/server/grpc/inference/contract.ts';
import {
  createClientFixture,
  createRawClientFixture,
  dense,
  HEALTH,
  type HealthClient,
  record,
  records,
  type ScoringClient,
} from '../../support/grpc-client.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { waitUntil } from '../../support/wait-until.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();
const data = useDataFolder();

/** One request of so many rows. */
type Spend = (client: string, rows: number) => void;

function toSpend({ countRequest, countRows }: RateMeter): Spend {
  return (client, rows) => {
    countRequest(client);
    countRows(client, rows);
  };
}

function refusalOf(spend: Spend, client: string, rows: number): AristarchError | undefined {
  try {
    spend(client, rows);
    return undefined;
  } catch (error) {
    return error as AristarchError;
  }
}

describe('rate limits', () => {
  const at = (limits: Parameters<typeof createRateLimits>[0]) => {
    const time = { nowMs: 0 };
    return { time, spend: toSpend(createRateLimits(limits, { monotonicMs: () => time.nowMs })!) };
  };

  it('let through as many rows as the rate over any long time, however they are cut into requests', () => {
    for (const rows of [1, 7, 50, 400]) {
      const { time, spend } = at({ rows: 100 });
      let passed = 0;
      for (; time.nowMs < 60_000; time.nowMs += 10) if (refusalOf(spend, 'a', rows) === undefined) passed += rows;
      expect(passed).toBeGreaterThanOrEqual(6000);
      expect(passed).toBeLessThanOrEqual(6000 + 100 + rows);
    }
  });

  it('say when to come back, and are right about it', () => {
    const { time, spend } = at({ rows: 100 });
    spend('a', 300);
    const { data, message } = refusalOf(spend, 'a', 1)!;
    expect(data).toMatchObject({ retryAfterMs: 2000 });
    expect(message).toMatch(/100 rows a second .* in 2000 ms/);
    time.nowMs = 1999;
    expect(refusalOf(spend, 'a', 1)?.code).toBe('RESOURCE_EXHAUSTED');
    time.nowMs = 2001;
    expect(refusalOf(spend, 'a', 1)).toBeUndefined();
  });

  it('are kept for each client, by requests too, and remember no more than ten thousand clients', () => {
    const { spend } = at({ requests: 1 });
    spend('a', 1);
    expect(refusalOf(spend, 'a', 1)?.message).toMatch(/1 requests a second/);
    expect(refusalOf(spend, 'b', 1)).toBeUndefined();
    for (let client = 0; client < 10_000; client++) spend(`c${client}`, 1);
    expect(refusalOf(spend, 'a', 1)).toBeUndefined();
  });

  it('are off by default', () => {
    expect(createRateLimits({}, { monotonicMs: () => 0 })).toBeUndefined();
  });

  it('refuse calls and messages of streams over gRPC, whatever the connection', async () => {
    const { addresses } = await serve({ settings: { rateLimitRows: 1 } });
    await connect(addresses.grpc).score(dense(1, 2, 3));
    expect((await connect(addresses.grpc).refusal(dense(1))).code).toBe(status.RESOURCE_EXHAUSTED);
    const stream = connect(addresses.grpc).raw.scoreStream();
    const ended = new Promise<{ code?: number }>((resolve) => stream.on('error', resolve));
    stream.resume();
    stream.write(dense(1));
    expect((await ended).code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe('a limit of requests', () => {
  const codeOf = (client: Client, method: string, bytes: Buffer): Promise<number> => {
    const same = (value: Buffer) => value;
    return new Promise((resolve) => {
      client.makeUnaryRequest(method, same, same, bytes, new Metadata(), (error) => resolve(error?.code ?? status.OK));
    });
  };
  const garbage = Buffer.from('ffffff', 'hex');

  it.each(['Score', 'DescribeModel'])('counts what cannot be read, of %s', async (method) => {
    const { addresses } = await serve({ settings: { rateLimitRequests: 0.1 } });
    const client = connectRaw(addresses.grpc, loadContract()[SERVICE] as ServiceDefinition);
    const codes: number[] = [];
    for (let call = 0; call < 4; call++) codes.push(await codeOf(client, `/${SERVICE}/${method}`, garbage));
    expect(codes[0]).toBe(status.INVALID_ARGUMENT);
    expect(codes[3]).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('is one for all methods of a client, by its token, and health is not counted', async () => {
    const path = data.path('tokens.json');
    const tokens = ['first', 'second'].map((name) => ({ name, role: 'admin', token: `a-token-of-the-${name}` }));
    await writeFile(path, JSON.stringify(tokens));
    const { addresses } = await serve({ settings: { rateLimitRequests: 0.1, tokens: path } });
    const [greedy, other] = tokens.map(({ token }) => connect(addresses.grpc, { token })) as [
      ScoringClient,
      ScoringClient,
    ];
    for (let call = 0; call < 2; call++) await greedy.list().catch(() => undefined);
    const exhausted = { code: status.RESOURCE_EXHAUSTED };
    await expect(greedy.list()).rejects.toMatchObject(exhausted);
    await expect(greedy.describe()).rejects.toMatchObject(exhausted);
    await expect(greedy.score(dense(1))).rejects.toMatchObject(exhausted);
    expect((await other.score(dense(1))).results).toHaveLength(1);
    const health = connectRaw(addresses.grpc, HEALTH) as HealthClient;
    for (let call = 0; call < 3; call++) {
      const answer = await new Promise((resolve) => health.check({ service: '' }, (_error, found) => resolve(found)));
      expect(answer).toEqual({ status: 'SERVING' });
    }
  });

  it('counts each message of a stream', async () => {
    const { addresses } = await serve({ settings: { rateLimitRequests: 0.1 } });
    const stream = connect(addresses.grpc).raw.scoreStream();
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve as never));
    stream.resume();
    for (let message = 0; message < 4; message++) stream.write(dense(1));
    const { code, details } = await ended;
    expect(code).toBe(status.RESOURCE_EXHAUSTED);
    expect(details).toMatch(/message [23] of the stream: .* 0.1 requests a second/);
  });
});

describe('limits of texts', () => {
  it('refuse long names, texts and ids, and do not repeat them', async () => {
    const { addresses } = await serve({ settings: { maxTextBytes: 100 } });
    const client = connect(addresses.grpc);
    const long = 'x'.repeat(101);
    const requests = [
      { ...dense(1), requestId: long },
      { ...dense(1), model: long },
      { ...dense(1), modelVersion: long },
      { records: { records: [record(1), record(1, { country: { text: long } })] } },
      { records: { records: [record(1, { [long]: { number: 1 } })] } },
    ];
    for (const request of requests) {
      const { code, details } = await client.refusal(request);
      expect(code).toBe(status.RESOURCE_EXHAUSTED);
      expect(details).toMatch(/has 101 bytes and the limit is 100/);
      expect(details).not.toContain(long);
    }
    expect((await client.score({ ...records(1), requestId: 'é'.repeat(50) })).results).toHaveLength(1);
    await expect(client.describe(long)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('are those of the Open Inference Protocol, too, also where it asks for metadata only', async () => {
    const { addresses } = await serve({ settings: { maxTextBytes: 100 } });
    const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
    const client = connectRaw(addresses.grpc, definition) as unknown as Readonly<
      Record<string, (request: object, done: (error: ServiceError | null) => void) => void>
    >;
    const long = 'x'.repeat(101);
    const calls: [string, object][] = [
      ['ModelMetadata', { name: long }],
      ['ModelMetadata', { version: long }],
      ['ModelReady', { name: long }],
      ['ModelReady', { version: long }],
      ['ModelInfer', { modelName: long }],
      ['ModelInfer', { modelVersion: long }],
      ['ModelInfer', { id: long }],
    ];
    for (const [method, request] of calls) {
      const error = await new Promise<ServiceError | null>((resolve) => client[method]!(request, resolve));
      expect([method, error?.code]).toEqual([method, status.RESOURCE_EXHAUSTED]);
      expect(error?.details).not.toContain(long);
    }
  });
});

describe('a client that reads nothing', () => {
  it('has its stream torn down after the timeout, and the server scores on for others', async () => {
    const detector = createDetectorDouble();
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, detector, settings: { slowClientTimeoutMs: 500 } });
    const client = connect(addresses.grpc);
    const stream = client.raw.scoreStream();
    const ended = new Promise<{ code?: number }>((resolve) => stream.on('error', resolve));
    // Each message is forty inferences. Reading stops after the first response: before it, grpc-js's client takes all that comes.
    stream.once('data', () => stream.pause());
    // More responses than HTTP/2's windows and the buffers on both sides hold.
    const amounts = Array.from({ length: 20_000 }, (_, index) => index % 9);
    for (let message = 0; message < 100; message++) stream.write(dense(...amounts));
    await waitUntil(
      'the word in the log',
      () => lines().some(({ msg }) => /did not take an answer whole in time/.test(String(msg))),
      50_000,
    );
    expect(detector.calls.length).toBeLessThan(40 * 100);
    stream.resume();
    expect(await ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect((await client.score(dense(1))).results).toHaveLength(1);
  });
});

describe('the role of a method', () => {
  it('is known for each method that is served; nobody needs one for health, and an admin for what is unknown', () => {
    for (const service of Object.values(loadContract())) {
      for (const { path } of Object.values(service as Readonly<Record<string, { path?: string }>>)) {
        if (path !== undefined) expect(['score', 'admin']).toContain(roleOfMethod(path));
      }
    }
    expect(roleOfMethod('/aristarch.v1.Aristarch/Score')).toBe('score');
    expect(roleOfMethod('/aristarch.v1.Aristarch/LoadModel')).toBe('admin');
    expect(roleOfMethod('/grpc.health.v1.Health/Check')).toBeUndefined();
    for (const unknown of ['/some.new.Service/Method', 'constructor', '__proto__', '/'])
      expect(roleOfMethod(unknown)).toBe('admin');
  });
});
