import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { mostConnections } from '../../src/server/grpc/most-connections.ts';
import { mostHttpConnections } from '../../src/server/http/server.ts';
import { readOpenFiles } from '../../src/server/open-files.ts';
import { createAuthority, createCertificate } from '../support/certificates.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createHttp2Fixture, startCall } from '../support/http2-calls.ts';
import { scrape } from '../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';

const serve = createServeFixture();
const open = createHttp2Fixture();
const data = useDataFolder();
const LIVE = '/inference.GRPCInferenceService/ServerLive';
const EMPTY = Buffer.alloc(5);
const OK: number = status.OK;

interface Transport {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ca?: string;
}

async function makeTls(): Promise<Transport> {
  const authority = await createAuthority();
  const { cert, key } = await createCertificate(authority, 'aristarch');
  const [tlsCert, tlsKey] = await Promise.all([data.write('tls.crt', cert), data.write('tls.key', key)]);
  return { settings: { tlsCert, tlsKey }, ca: authority.cert };
}

describe('connections beyond half of the files that a process may have open', () => {
  it.each([
    ['plain HTTP/2', () => Promise.resolve<Transport>({ settings: {} })],
    ['TLS', makeTls],
  ])('are closed over %s', async (_, prepare) => {
    const { settings, ...trust } = await prepare();
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ settings, log, openFiles: () => 4 });
    const call = async (): Promise<{ code: number; close: () => void }> => {
      const session = open(addresses.grpc, trust);
      session.on('error', () => undefined);
      const { stream, end } = startCall(session, LIVE);
      stream.end(EMPTY);
      return { code: (await end).code, close: () => session.destroy() };
    };
    const [first, second] = [await call(), await call()];
    expect([first.code, second.code]).toEqual([OK, OK]);

    for (let more = 0; more < 2; more++) {
      const socket = connect(Number(addresses.grpc.split(':').at(-1)), '127.0.0.1');
      const seen: Buffer[] = [];
      socket.on('data', (bytes: Buffer) => seen.push(bytes)).on('error', () => undefined);
      await once(socket, 'close');
      expect(seen).toEqual([]);
    }
    const told = lines().filter(({ msg }) => /^connections over gRPC are refused: 2 are open/.test(String(msg)));
    expect(told).toEqual([expect.objectContaining({ level: 40, most: 2 })]);
    expect(await scrape(addresses.http)).toContain('aristarch_rejections_total{reason="connections"} 2');

    first.close();
    await waitUntil('room for another', async () => (await call()).code === OK);
  });
});

it('connections over HTTP are bounded as well, by a quarter of the files', async () => {
  const { addresses } = await serve({ openFiles: () => 8 });
  const [host, port] = addresses.http.split(':');
  const connectHttp = async (): Promise<Socket> => {
    const socket = connect(Number(port), host);
    await once(
      socket.on('error', () => undefined),
      'connect',
    );
    return socket;
  };
  const kept = [await connectHttp(), await connectHttp()];
  const third = await connectHttp();
  await once(third, 'close');
  kept[0]!.destroy();
  await waitUntil('room for a probe', () => scrape(addresses.http).catch(() => undefined));
  kept[1]!.destroy();
  expect([100_000, 1024, Infinity, 1].map(mostHttpConnections)).toEqual([1000, 256, 1000, 1]);
});

it('ten thousand connections are the most, and one the least', () => {
  expect([20_000, 1024, Infinity, 1].map(mostConnections)).toEqual([10_000, 512, 10_000, 1]);
  expect(readOpenFiles()).toBeGreaterThan(100);
});
