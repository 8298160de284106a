import { expect, it } from '@jest/globals';
import { FRAME, toFrame } from '../../../src/server/grpc/wire/frames.ts';
import type { Outbound } from '../../../src/server/grpc/wire/outbound.ts';
import { Relay } from '../../../src/server/grpc/wire/relay.ts';

it('lets pings, windows and the word of leaving pass data that wait for a window, and no headers', () => {
  const sent: number[] = [];
  const out = { windowBytes: 3, frames: (bytes: Buffer) => sent.push(bytes[3]!) };
  const relay = new Relay(out as unknown as Outbound, () => 0);
  relay.write(toFrame(FRAME.DATA, 0, 1, Buffer.alloc(5)));
  relay.write(toFrame(FRAME.HEADERS, 4, 3, Buffer.alloc(1)));
  relay.write(toFrame(FRAME.PING, 1, 0, Buffer.alloc(8)));
  relay.write(toFrame(FRAME.WINDOW_UPDATE, 0, 1, Buffer.alloc(4, 1)));
  relay.write(toFrame(FRAME.GOAWAY, 0, 0, Buffer.alloc(8)));
  expect(sent).toEqual([FRAME.PING, FRAME.WINDOW_UPDATE, FRAME.GOAWAY]);
  relay.takeWindow(5);
  expect(sent.slice(3)).toEqual([FRAME.DATA, FRAME.HEADERS]);
});
