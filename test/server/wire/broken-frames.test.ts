import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.ts';
import { callWire, closers, connectWire, framed, serveWire } from '../../support/wire-server.ts';

describe('what is no HTTP/2', () => {
  const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const frame = (type: number, flags: number, id: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, payload]);
  };
  const SETTINGS = frame(4, 0, 0, Buffer.alloc(0));
  const QUICK = Buffer.from([0x83, 0x86, 0x44, 6, ...Buffer.from('/quick')]);

  it.each<[string, Buffer[]]>([
    ['another language', [Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')]],
    ['a frame that is too long', [PREFACE, SETTINGS, Buffer.from('ffffff000000000001', 'hex')]],
    [
      'a block of headers with another frame within it',
      [PREFACE, SETTINGS, frame(1, 0, 1, QUICK), frame(0, 1, 1, Buffer.alloc(5))],
    ],
    ['a block of headers that goes on elsewhere', [PREFACE, SETTINGS, frame(1, 0, 1, QUICK), frame(9, 4, 3, QUICK)]],
    ['the end of a block that never began', [PREFACE, SETTINGS, frame(9, 4, 1, QUICK)]],
    ['a stream of the server’s own', [PREFACE, SETTINGS, frame(1, 4, 2, QUICK)]],
    ['data of a stream that was never opened', [PREFACE, SETTINGS, frame(0, 0, 5, Buffer.alloc(5))]],
    ['headers that cannot be read', [PREFACE, SETTINGS, frame(1, 4, 1, Buffer.from('ff00', 'hex'))]],
    ['more padding than there is', [PREFACE, SETTINGS, frame(1, 4, 1, QUICK), frame(0, 8, 1, Buffer.of(200, 1, 2))]],
    [
      'headers without end',
      [
        PREFACE,
        SETTINGS,
        frame(1, 0, 1, QUICK),
        ...Array.from({ length: 100 }, () => frame(9, 0, 1, Buffer.alloc(10))),
      ],
    ],
    ['a window of nothing', [PREFACE, SETTINGS, frame(8, 0, 0, Buffer.alloc(4))]],
  ])('%s ends the connection, and no other one', async (_, pieces) => {
    const { port } = await serveWire();
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    for (const piece of pieces) socket.write(piece);
    await once(socket, 'close');
    expect((await callWire(connectWire(port), '/quick', Buffer.from('fine'))).bytes).toEqual(
      framed(Buffer.from('fine')),
    );
  });

  it('takes frames that come byte by byte, padded, and in pieces', async () => {
    const { port } = await serveWire();
    const socket = connectTcp(port, '127.0.0.1').setNoDelay(true);
    closers.push(() => socket.destroy());
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const padded = Buffer.concat([Buffer.of(3), Buffer.from('hello'), Buffer.alloc(3)]);
    const sent = [
      PREFACE,
      SETTINGS,
      frame(1, 0, 1, QUICK.subarray(0, 4)),
      frame(9, 4, 1, QUICK.subarray(4)),
      frame(0, 8 | 1, 1, padded),
    ];
    for (const byte of Buffer.concat(sent)) socket.write(Buffer.of(byte));
    await until('the answer is there', () => Buffer.concat(chunks).includes(framed(Buffer.from('hello'))));
  });
});
