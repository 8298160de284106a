import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AristarchError } from '../../src/base/errors.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();

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

  it('tells of a broker that never answers', async () => {
    const kafka = {
      kafkaBrokers: ['127.0.0.1:1'],
      topicIn: 'a',
      topicOut: 'b',
      deadLetter: 'c',
      kafkaStartTimeoutMs: 100,
    };
    const error = await new Promise<AristarchError>((onFatal, reject) => {
      serve({ settings: kafka, onFatal }).catch(reject);
    });
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toMatch(/no Kafka broker answered at 127\.0\.0\.1:1 within 100 ms: start the broker/);
    expect(error.message).toMatch(/the last attempt: .*ECONNREFUSED/);
  });

  async function freePort(): Promise<number> {
    const port = await takePort();
    await new Promise((resolve) => taken.pop()!.close(resolve));
    return port;
  }
});
