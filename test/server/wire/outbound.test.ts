import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { HEAD_BYTES } from '../../../src/server/grpc/wire/frames.ts';
import { Outbound } from '../../../src/server/grpc/wire/outbound.ts';
import { until } from '../../support/until.ts';
import { closers } from '../../support/wire-server.ts';

it('a connection at rest keeps no memory to write into, and writes as before afterwards', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  closers.push(() => client.destroy());
  const [socket] = (await once(server, 'connection')) as [Socket];
  let received = 0;
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  const out = new Outbound(socket);
  const block = Buffer.alloc(1000);
  for (let frame = 0; frame < 200; frame++) out.headers(1, block, false);
  // What is not written yet is kept.
  out.rest();
  const all = 200 * (HEAD_BYTES + block.length);
  await until('all of it to come', () => received === all && socket.writableLength === 0);
  expect(out.keptBytes).toBeGreaterThan(100_000);
  out.rest();
  expect(out.keptBytes).toBe(0);
  out.headers(3, block, true);
  await until('one more to come', () => received === all + HEAD_BYTES + block.length);
});
