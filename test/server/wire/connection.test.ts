import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { openWireLane } from '../../../src/server/grpc/wire/lane.ts';
import type { WireStream } from '../../../src/server/grpc/wire/wire-stream.ts';
import { until } from '../../support/until.ts';
import { callWire, closers, connectWire, framed, serveWire } from '../../support/wire-server.ts';

const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, at) => (at * 7919) % 251));
describe('a connection with calls of both kinds', () => {
  it('answers each where it belongs, whatever their order', async () => {
    const { port, seen, closed } = await serveWire();
    const session = connectWire(port);
    for (const path of ['/quick/1', '/other/1', '/other/2', '/quick/2', '/quick/3', '/other/3']) {
      const { found, bytes } = await callWire(session, path, Buffer.from(path), { 'x-key': path });
      expect(found[':status']).toBe(200);
      if (path.startsWith('/quick')) {
        expect(found['grpc-status']).toBe('0');
        expect(bytes).toEqual(framed(Buffer.from(path)));
      } else expect(bytes.toString()).toBe(path);
    }
    expect(seen).toEqual([
      'wire /quick/1',
      'session /other/1',
      'session /other/2',
      'wire /quick/2',
      'wire /quick/3',
      'session /other/3',
    ]);
    expect(closed()).toBe(3);
  });

  it.each([1, 4, 5, 7])('answers through a window of %i bytes, which may end within the prefix', async (bytes) => {
    const { port } = await serveWire();
    const session = connectWire(port, { settings: { initialWindowSize: bytes } });
    const message = Buffer.from('through a narrow gap');
    expect((await callWire(session, '/quick', message)).bytes).toEqual(framed(message));
  });

  it('carries hundreds at once, large and small, through windows as small as they are by default', async () => {
    const { port } = await serveWire(undefined, { maxCalls: 1000 });
    const session = connectWire(port, { maxSessionMemory: 1000 });
    const sizes = [0, 1, 100, 16_383, 16_384, 70_000, 300_000];
    const calls = Array.from({ length: 210 }, async (_, index) => {
      const body = randomBytes(sizes[index % sizes.length]!);
      const quick = index % 3 !== 0;
      const { bytes } = await callWire(session, quick ? '/quick' : '/other', body);
      expect(bytes.equals(quick ? framed(body) : body)).toBe(true);
    });
    await Promise.all(calls);
  });

  it('waits for a client that takes little at a time', async () => {
    const { port } = await serveWire();
    const session = connectWire(port, { settings: { initialWindowSize: 1000 } });
    await once(session, 'remoteSettings');
    const bodies = [randomBytes(50_000), randomBytes(200_000)];
    const answers = await Promise.all(
      bodies.flatMap((body) => [callWire(session, '/quick', body), callWire(session, '/other', body)]),
    );
    expect(answers.map(({ bytes }) => bytes.length)).toEqual([50_005, 50_000, 200_005, 200_000]);
  });

  it('reads headers of all bytes that may be in one, in Huffman’s code and in a table that others share', async () => {
    let found: IncomingHttpHeaders = {};
    const { port } = await serveWire(({ stream, headers }) => {
      found = headers;
      stream.answer(Buffer.alloc(0));
    });
    const session = connectWire(port);
    const all = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
    for (let time = 0; time < 3; time++) {
      const sent = { 'x-all': `a${all.trim()}e`.repeat(3), 'x-often': 'the same', 'x-seldom': `eeee${time}` };
      await callWire(session, '/other', Buffer.alloc(3), sent);
      await callWire(session, '/quick', Buffer.alloc(3), sent);
      expect(found).toMatchObject(sent);
    }
  });

  it('serves a client that keeps no table of headers', async () => {
    const { port } = await serveWire();
    const session = connectWire(port, { settings: { headerTableSize: 0 } });
    await once(session, 'localSettings');
    for (const path of ['/quick', '/other', '/quick', '/other']) {
      expect((await callWire(session, path, Buffer.alloc(10))).found[':status']).toBe(200);
    }
  });

  it.each<[string, number[]]>([
    ['takes its table of headers away and gives it back', [0, 4096]],
    ['makes its table of headers smaller step by step', [3000, 100, 0]],
  ])('serves a client that %s', async (_, sizes) => {
    const { port } = await serveWire();
    const session = connectWire(port);
    await once(session, 'remoteSettings');
    const agreed = sizes.map(
      (headerTableSize) => new Promise<void>((resolve) => session.settings({ headerTableSize }, () => resolve())),
    );
    await Promise.all(agreed);
    for (const path of ['/quick', '/other', '/quick', '/other']) {
      expect((await callWire(session, path, Buffer.alloc(10))).found[':status']).toBe(200);
    }
  });

  it('tells the session whom it is connected with, and when it has calls', async () => {
    let finish = (): void => undefined;
    const { port, busy } = await serveWire(({ stream }) => {
      finish = () => stream.answer(Buffer.from(`${stream.peer.address}:${stream.peer.port}`));
    });
    const session = connectWire(port);
    const answered = callWire(session, '/quick', Buffer.alloc(1));
    await until('the call is there', () => busy() === 1);
    const { found } = await callWire(session, '/other', Buffer.alloc(1));
    finish();
    expect((await answered).bytes.subarray(5).toString()).toBe(`127.0.0.1:${String(found['x-peer'])}`);
    await until('it has none', () => busy() === 0);
  });
});

describe('a call on the wire', () => {
  it('is refused with a status alone, need not send the rest, and what is on its way is let pass', async () => {
    const server = createServer();
    openWireLane(server, {
      kindOf: () => ({
        refusalOf: () => ({ ':status': 200, 'grpc-status': 8, 'grpc-message': 'busy' }),
        open: () => undefined,
      }),
      maxCalls: 100,
      onBusy: () => () => undefined,
    });
    const sockets: Socket[] = [];
    server.on('connection', (socket: Socket) => sockets.push(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    const session = connectWire((server.address() as AddressInfo).port);
    // More than all windows hold.
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => callWire(session, '/quick', Buffer.alloc(100_000))),
    );
    for (const { found, fault } of answers) {
      expect(found).toMatchObject({ 'grpc-status': '8', 'grpc-message': 'busy' });
      expect(fault).toBe(0);
    }
    expect(sockets[0]!.bytesRead).toBeLessThan(1_000_000);
    expect((await callWire(session, '/quick', Buffer.alloc(0))).found['grpc-status']).toBe('8');
  });

  it('has room for all that it is expected to send, whatever its window is', async () => {
    const bytes = 300_000;
    let owedBytes = Infinity;
    const { port } = await serveWire(
      ({ stream }) => {
        ({ owedBytes } = stream);
        stream.answer(Buffer.alloc(0));
      },
      { expected: bytes },
    );
    const session = connectWire(port);
    // A second one would wait for a window that the first one had taken.
    for (let call = 0; call < 2; call++) {
      expect((await callWire(session, '/quick', Buffer.alloc(bytes))).found['grpc-status']).toBe('0');
      expect(owedBytes).toBeLessThanOrEqual(0);
    }
  });

  it('that is one too many is turned away, and may be asked again', async () => {
    const held: (() => void)[] = [];
    const { port } = await serveWire(({ stream }) => held.push(() => stream.answer(Buffer.alloc(0))), { maxCalls: 2 });
    const session = connectWire(port);
    const first = [callWire(session, '/quick', Buffer.alloc(1)), callWire(session, '/quick', Buffer.alloc(1))];
    await until('two are there', () => held.length === 2);
    expect((await callWire(session, '/quick', Buffer.alloc(1))).fault).toBe(7);
    for (const answer of held.splice(0)) answer();
    for (const { found } of await Promise.all(first)) expect(found['grpc-status']).toBe('0');
  });

  it('ends when its caller gives it up, and when the connection is lost', async () => {
    const streams: WireStream[] = [];
    const { port, closed } = await serveWire(({ stream }) => streams.push(stream));
    const session = connectWire(port);
    const stream = session.request({ ':method': 'POST', ':path': '/quick' });
    stream.on('error', () => undefined);
    stream.end(Buffer.alloc(1));
    await until('it is there', () => streams.length === 1);
    stream.close(8);
    await until('it is over', () => closed() === 1);
    expect(streams[0]!.isOpen).toBe(false);
    const other = callWire(session, '/quick', Buffer.alloc(1));
    await until('another is there', () => streams.length === 2);
    session.destroy();
    await other;
    await until('it is over', () => closed() === 2);
  });

  it('is finished when the session closes its connection meanwhile, and named in its farewell', async () => {
    let finish = (): void => undefined;
    const { server, port, seen } = await serveWire(({ stream }) => {
      finish = () => stream.answer(Buffer.from('done'));
    });
    const opened = once(server, 'session') as Promise<[{ close(): void }]>;
    const session = connectWire(port);
    const [own] = await opened;
    const answered = callWire(session, '/quick', Buffer.alloc(1));
    await until('it is there', () => seen.length === 1);
    const gone = once(session, 'goaway') as Promise<[number, number]>;
    own.close();
    const [code, lastId] = await gone;
    expect([code, lastId]).toEqual([0, 1]);
    finish();
    expect((await answered).bytes.subarray(5).toString()).toBe('done');
  });
});
