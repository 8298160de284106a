import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AristarchError } from '../../src/base/errors.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createClientFixture, records } from '../support/grpc-client.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';

const serve = createServeFixture();
const connect = createClientFixture();

const KAFKA_WITHOUT_BROKER = {
  kafkaBrokers: ['127.0.0.1:1'],
  topicIn: 'a',
  topicOut: 'b',
  deadLetter: 'c',
};

describe('a server that starts', () => {
  it('remarks on the device that auto chose, and does not warn of it', async () => {
    const { log, lines } = createListeningLog();
    await serve({
      log,
      openDetector(_, { warn }) {
        warn?.('device: cpu (cuda: no provider library)');
        return Promise.resolve(createDetectorDouble());
      },
    });
    expect(lines().find(({ msg }) => String(msg).startsWith('device: cpu'))).toMatchObject({ level: 30 });
  });

  it('does not say that it is ready before Kafka has joined its group', async () => {
    const { log, lines } = createListeningLog();
    const serving = await serve({ log, settings: KAFKA_WITHOUT_BROKER });
    await serving.stop();
    await expect(serving.ready).rejects.toMatchObject({ code: 'CANCELLED' });
    const messages = lines().map(({ msg }) => msg);
    expect(messages).toContain('gRPC and HTTP are open; Kafka is joining its group');
    expect(messages).not.toContainEqual(expect.stringMatching(/^ready/));
  });

  it('answers calls without brokers for as long as it takes, and says what it waits for', async () => {
    const { log, lines } = createListeningLog();
    const fatal: unknown[] = [];
    // An hour goes by with each look at the clock.
    let lookedAt = 0;
    const clock = { ...SYSTEM_CLOCK, monotonicMs: () => 3_600_000 * lookedAt++ };
    const kafkaClock = { settings: KAFKA_WITHOUT_BROKER, onFatal: (error: unknown) => void fatal.push(error), clock };
    const { addresses } = await serve({ log, ...kafkaClock });
    const said = () => lines().filter(({ msg }) => String(msg).startsWith('not joined to Kafka yet'));
    await waitUntil('two attempts', () => said().length >= 2);
    expect(said()[0]).toMatchObject({
      level: 50,
      code: 'UNAVAILABLE',
      msg: expect.stringMatching(/127\.0\.0\.1:1.*next attempt/),
    });
    expect(fatal).toEqual([]);
    const ask = async (path: string) => {
      const response = await fetch(`http://${addresses.http}${path}`);
      return [response.status, await response.text()] as const;
    };
    expect(await ask('/readyz')).toEqual([503, expect.stringMatching(/not joined to Kafka yet: .*127\.0\.0\.1:1/)]);
    expect(await ask('/readyz/calls')).toEqual([200, expect.not.stringContaining('afka')]);
    expect((await ask('/metrics'))[1]).toMatch(/^aristarch_kafka_retries_total\{operation="join"\} [1-9]/m);
    expect(await connect(addresses.grpc).score(records(1))).toMatchObject({ model: 'double', results: [{ score: 1 }] });
  });

  it('says so at once without Kafka', async () => {
    const { log, lines } = createListeningLog();
    await (
      await serve({ log })
    ).ready;
    expect(lines().at(-1)).toMatchObject({ msg: expect.stringMatching(/^ready: gRPC on/) });
  });
});

describe('a server that cannot start', () => {
  const taken: Server[] = [];
  afterEach(() => {
    for (const server of taken.splice(0)) server.close();
  });

  async function takePort(): Promise<number> {
    const server = createServer();
    taken.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it.each([
    ['gRPC', 'grpcPort', '--grpc-port'],
    ['HTTP', 'httpPort', '--http-port'],
  ])('names the %s port that is in use, and the flag that chooses another', async (service, setting, flag) => {
    const port = await takePort();
    const detector = createDetectorDouble();
    const failed = serve({ detector, settings: { [setting]: port } });
    await expect(failed).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${service} cannot listen on port ${port} of 127.0.0.1: it is in use; stop the other process, or choose another port with ${flag} (0 takes any free one)`,
      data: { port },
    });
  });

  it('closes what it had opened already', async () => {
    const [port, detector] = [await takePort(), createDetectorDouble()];
    const free = await freePort();
    await expect(serve({ detector, settings: { grpcPort: port, httpPort: free } })).rejects.toThrow(/in use/);
    expect(detector.closed()).toBe(true);
    const { addresses } = await serve({ settings: { httpPort: free } });
    expect(addresses.http).toBe(`127.0.0.1:${free}`);
  });

  it('names an address that this machine does not have', async () => {
    await expect(serve({ settings: { grpcHost: '203.0.113.7' } })).rejects.toThrow(/no such address; use 127\.0\.0\.1/);
    await expect(serve({ settings: { httpHost: '203.0.113.7' } })).rejects.toThrow(/no such address; use 127\.0\.0\.1/);
  });

  it.each([
    ['a name that nobody knows', 'absent.invalid', /of absent\.invalid: the host name is not known; use 127\.0\.0\.1/],
    ['an address in brackets', '[::1]', /of \[::1\]: give an IPv6 address without brackets, ::1$/],
  ])('says what to do about %s', async (_, host, message) => {
    await expect(serve({ settings: { grpcHost: host } })).rejects.toThrow(message);
    await expect(serve({ settings: { httpHost: host } })).rejects.toThrow(message);
  });

  it('does not serve a model that fails its self-test', async () => {
    const detector = createDetectorDouble({ broken: true });
    await expect(serve({ detector })).rejects.toMatchObject({
      code: 'ARTEFACT_INVALID',
      message: expect.stringMatching(/"double" failed its self-test: a row of zeros got score NaN/),
    });
    expect(detector.closed()).toBe(true);
  });

  it('does not take a default rate that the calibration cannot keep', async () => {
    await expect(serve({ settings: { falsePositiveRate: 0.0001 } })).rejects.toMatchObject({
      code: 'RATE_UNSUPPORTED',
    });
  });

  it('tells of a broker that does not answer within the limit, where one is set', async () => {
    const error = await new Promise<AristarchError>((onFatal, reject) => {
      serve({ settings: { ...KAFKA_WITHOUT_BROKER, kafkaStartTimeoutMs: 100 }, onFatal }).catch(reject);
    });
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/^Kafka was not joined within 100 ms; the last attempt: Kafka does not answer/);
    expect(error.message).toMatch(/at 127\.0\.0\.1:1: check that the brokers run and can be reached .*ECONNREFUSED/);
  });

  async function freePort(): Promise<number> {
    const port = await takePort();
    await new Promise((resolve) => taken.pop()!.close(resolve));
    return port;
  }
});
