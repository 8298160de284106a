import { writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { type Client, credentials, type ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { loadContract, SERVICE } from '../../../src/server/grpc/contract.ts';
import { createAuthority, createCertificate, type Pem } from '../../support/certificates.ts';
import { FROM_SOURCE } from '../../support/command.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createClientFixture, createRawClientFixture } from '../../support/grpc-client.ts';
import { createModelFolderFixture, tinyRow } from '../../support/model-folder.ts';
import { createCollectorFixture } from '../../support/trace-collector.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { createWorkersFixture } from '../../support/worker-processes.ts';

const serve = createWorkersFixture(FROM_SOURCE);
const createFolder = createModelFolderFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();
const collect = createCollectorFixture();
const data = useDataFolder();

interface RawClient extends Client {
  score(request: object, done: (error: Error | null, response: unknown) => void): void;
}

/** Connections are dealt in turn: of so many, each of two workers has some. */
const CONNECTIONS = 6;

async function serveTwo(...flags: string[]) {
  const model = await (await createFolder()).write('pumps', '1', 1);
  return serve('--workers', '2', '--model', model, '--device', 'cpu', ...flags);
}

/** Common names of the certificates that so many new connections are shown. */
function shownAt(address: string, { cert: ca }: Pem): Promise<string[]> {
  const [host, port] = address.split(':') as [string, string];
  const look = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host, port: Number(port), ca, ALPNProtocols: ['h2', 'http/1.1'] }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  return Promise.all(Array.from({ length: CONNECTIONS }, look));
}

describe('a service of two workers', () => {
  it('speaks TLS in each of them and on its page, and shows a renewed certificate without a restart', async () => {
    const authority = await createAuthority();
    const [cert, key] = [data.path('tls.crt'), data.path('tls.key')];
    const write = (pem: Pem) => Promise.all([writeFile(cert, pem.cert), writeFile(key, pem.key)]);
    await write(await createCertificate(authority, 'aristarch'));
    const flags = ['--tls-cert', cert, '--tls-key', key, '--http-tls', '--reload-interval-ms', '100'];
    const service = await serveTwo(...flags);
    const secure = credentials.createSsl(Buffer.from(authority.cert));
    const client = connect(service.grpc, { secure });
    expect((await client.score(tinyRow(3))).results).toMatchObject([{ score: 3 }]);
    const all = (name: string) => Array.from({ length: CONNECTIONS }, () => name);
    for (const address of [service.grpc, service.http])
      expect(await shownAt(address, authority)).toEqual(all('aristarch'));
    await write(await createCertificate(authority, 'renewed'));
    for (const address of [service.grpc, service.http]) {
      await waitUntil('the new certificate in all', async () =>
        (await shownAt(address, authority)).every((name) => name === 'renewed'),
      );
    }
    expect((await client.score(tinyRow(3))).results).toHaveLength(1);
  }, 120_000);

  it('tells of its calls as spans, whichever worker has them, the last ones when it stops', async () => {
    const collector = await collect();
    const service = await serveTwo('--trace-endpoint', collector.endpoint);
    const calls = 8;
    const definition = loadContract()[SERVICE] as ServiceDefinition;
    for (let call = 0; call < calls; call++) {
      // A connection of its own: clients of one process would share theirs.
      const options = { 'grpc.use_local_subchannel_pool': 1 };
      const client = connectRaw(service.grpc, definition, credentials.createInsecure(), options) as RawClient;
      await new Promise((resolve, reject) => {
        client.score(tinyRow(call), (error, response) => (error ? reject(error) : resolve(response)));
      });
    }
    service.primary.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    const spans = await collector.find(`${SERVICE}/Score`, calls);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(calls);
    expect(new Set(collector.resources.map((resource) => resource['process.pid'])).size).toBe(2);
  }, 120_000);
});
