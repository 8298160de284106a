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

  const OTHER = Buffer.from([0x83, 0x86, 0x44, 6, ...Buffer.from('/other')]);

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
    [
      'headers of too many parts, the last of which is their end',
      [
        PREFACE,
        SETTINGS,
        frame(1, 0, 1, QUICK),
        ...Array.from({ length: 64 }, (_, part) => frame(9, part === 63 ? 4 : 0, 1, Buffer.alloc(0))),
      ],
    ],
    [
      'a list of fields that are nothing, of a byte each',
      [PREFACE, SETTINGS, frame(1, 4, 1, Buffer.concat([QUICK, Buffer.of(0x40, 0, 0), Buffer.alloc(3000, 0xbe)]))],
    ],
    [
      'calls that are given up without end',
      [
        PREFACE,
        SETTINGS,
        ...Array.from({ length: 1100 }, (_, at) => [
          frame(1, 4, 2 * at + 1, QUICK),
          frame(3, 0, 2 * at + 1, Buffer.alloc(4)),
        ]).flat(),
      ],
    ],
    ['data of no stream', [PREFACE, SETTINGS, frame(0, 0, 0, Buffer.alloc(5))]],
    ['data of no stream beside a call', [PREFACE, SETTINGS, frame(1, 4, 1, OTHER), frame(0, 0, 0, Buffer.alloc(5))]],
    ['settings of no length that they have', [PREFACE, SETTINGS, frame(4, 0, 0, Buffer.alloc(5))]],
    ['a ping of no length that it has', [PREFACE, SETTINGS, frame(6, 0, 0, Buffer.alloc(5))]],
    ['a priority of no length that it has', [PREFACE, SETTINGS, frame(2, 0, 1, Buffer.alloc(1))]],
    ['a window beyond all windows', [PREFACE, SETTINGS, frame(8, 0, 0, Buffer.from('7fffffff', 'hex'))]],
    ['more settings than anybody has', [PREFACE, SETTINGS, frame(4, 0, 0, Buffer.alloc(6 * 2000))]],
    ['a window of nothing', [PREFACE, SETTINGS, frame(8, 0, 0, Buffer.alloc(4))]],
  ])('%s ends the connection, and no other one', async (_, pieces) => {
    const { port, seen, busy, sessions } = await serveWire();
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(Buffer.concat(pieces));
    await once(socket, 'close');
    // Nothing of it stays, and what was given up is bounded.
    await until('no call is left', () => busy() === 0);
    await until('no session is left', () => sessions() === 0);
    expect(seen.length).toBeLessThan(1010);
    expect((await callWire(connectWire(port), '/quick', Buffer.from('fine'))).bytes).toEqual(
      framed(Buffer.from('fine')),
    );
  });

  it('runs a call once, however often its end is said', async () => {
    let answers = 0;
    const { port } = await serveWire(({ stream, message }) => {
      answers++;
      setTimeout(() => stream.answer(message), 50);
    });
    const socket = connectTcp(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const said = frame(0, 1, 1, Buffer.from('once'));
    socket.write(Buffer.concat([PREFACE, SETTINGS, frame(1, 4, 1, QUICK), said, said, said]));
    await until('the answer is there', () => Buffer.concat(chunks).includes(framed(Buffer.from('once'))));
    expect(answers).toBe(1);
  });

  it('ends a connection whose client says no more, also where another call is being answered on it', async () => {
    const { server, port, seen, closed, sessions } = await serveWire();
    // Pieces of the answer come behind the client's last word, and ended the process.
    server.removeAllListeners('stream').on('stream', (stream) => {
      stream.on('error', () => undefined).respond({ ':status': 200 });
      const more = (): void => {
        if (stream.destroyed) return;
        stream.write('more');
        setImmediate(more);
      };
      stream.once('data', more);
    });
    const socket = connectTcp(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const other = Buffer.concat([OTHER, Buffer.from([0x41, 1]), Buffer.from('x')]);
    socket.resume().write(Buffer.concat([PREFACE, SETTINGS, frame(1, 4, 1, other), frame(1, 4, 3, QUICK)]));
    await until('the call is there', () => seen.length === 1);
    socket.end(frame(0, 0, 1, Buffer.from('last')));
    await until('no session is left', () => sessions() === 0);
    expect(closed()).toBe(1);
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
