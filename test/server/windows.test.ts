import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createWindows } from '../../src/server/grpc/windows.ts';
import { until } from '../support/until.ts';
import { closers, connectWire } from '../support/wire-server.ts';

describe('the windows of a server', () => {
  it('are narrow on all connections while calls are refused, and wide again afterwards', async () => {
    const server = createServer();
    const windows = createWindows();
    windows.watch(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const first = connectWire(port);
    const widthOf = (session: typeof first): number | undefined => session.remoteSettings.initialWindowSize;
    await until('the first one is wide', () => widthOf(first) === 2 ** 19);
    windows.narrow();
    windows.narrow();
    await until('the first one is narrow', () => widthOf(first) === 2 ** 14);
    // Who comes meanwhile finds them as they are.
    const second = connectWire(port);
    await until('the second one is narrow', () => widthOf(second) === 2 ** 14);
    await until('both are wide', () => widthOf(first) === 2 ** 19 && widthOf(second) === 2 ** 19);
    expect(first.destroyed || second.destroyed).toBe(false);
    windows.close();
  });
});
