import type { IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CallKind } from '../../../src/server/grpc/call-kind.ts';
import { timeoutOf } from '../../../src/server/grpc/timeout.ts';
import { FLAG, FRAME, PREFACE, toFrame } from '../../../src/server/grpc/wire/frames.ts';
import { HeaderDecoder } from '../../../src/server/grpc/wire/hpack.ts';
import { Inbound } from '../../../src/server/grpc/wire/inbound.ts';
import { KnownBlock } from '../../../src/server/grpc/wire/known-block.ts';

const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
const literal = (name: string, value: string): number[] => [0x00, ...text(name), ...text(value)];
const kept = (name: string, value: string): number[] => [0x40, ...text(name), ...text(value)];
const timeout = (value: string): number[] => literal('grpc-timeout', value);
/** `15000u` in Huffman's code (RFC 7541, appendix B). */
const CODED = [0x00, ...text('grpc-timeout'), 0x80 | 4, 0x0b, 0x60, 0x00, 0x2d];
const POST = [0x83, 0x86];

const withoutTimeout = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'grpc-timeout'));

/** What an inbound connection tells of calls: their headers without the time, and the time; and how often it asked what they are. */
function listen() {
  const calls: { readonly headers: IncomingHttpHeaders; readonly timeoutMs: number | undefined }[] = [];
  let [asked, failed] = [0, 0];
  const inbound = new Inbound({
    destroyed: false,
    kindOf: (headers) => {
      asked++;
      return { headers } as unknown as CallKind;
    },
    open: (_, kind, timeoutMs) => {
      calls.push({ headers: withoutTimeout((kind as unknown as { headers: IncomingHttpHeaders }).headers), timeoutMs });
    },
    fail: () => failed++,
    ...{ pass: () => undefined, streamOf: () => undefined, cancel: () => undefined, giveBack: () => undefined },
    ...{ takeWindow: (bytes) => bytes, takeStreamWindow: () => undefined, takeSettings: () => undefined },
  });
  inbound.read(PREFACE);
  let id = -1;
  const send = (block: readonly number[]): void => {
    inbound.read(toFrame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, (id += 2), Buffer.from(block)));
  };
  return { calls, send, asked: () => asked, failed: () => failed };
}

describe('calls that begin alike', () => {
  it('are told by their bytes, each with its own time, and read anew when what they build on has changed', () => {
    const { calls, send, asked } = listen();
    send([...POST, ...kept('x-tenant', 'blue'), ...timeout('20m')]);
    send([...POST, 0xbe, ...timeout('30m')]);
    send([...POST, 0xbe, ...timeout('4S')]);
    send([...POST, 0xbe, ...CODED]);
    expect(asked()).toBe(2);
    send([...POST, 0xbe]);
    expect(asked()).toBe(3);
    // The same byte is another entry from here on.
    send([...POST, ...kept('x-tenant', 'red'), ...timeout('20m')]);
    send([...POST, 0xbe, ...timeout('30m')]);
    expect(calls.map(({ headers, timeoutMs }) => [headers['x-tenant'], timeoutMs])).toEqual([
      ['blue', 20],
      ['blue', 30],
      ['blue', 4000],
      ['blue', 15],
      ['blue', Infinity],
      ['red', 20],
      ['red', 30],
    ]);
  });

  it('say what they say when each is read by itself, whatever comes before them', () => {
    const part = fc.constantFrom(
      ...[timeout('20m'), timeout('7S'), timeout('99999999n'), timeout('x'), timeout(''), timeout('123456789m'), CODED],
      ...[kept('grpc-timeout', '20m'), kept('x-tenant', 'blue'), kept('x-tenant', 'red'), literal('x-tenant', 'grey')],
      ...[[0xbe], [0xbf], [0x82], [0x88], literal('x-key', 'grpc-timeout'), [0x0f, 0x2f, ...text('9m')]],
    );
    const block = fc.tuple(fc.constantFrom([], [], [], [0x20], [0x3f, 0xe1, 0x1f]), fc.array(part, { maxLength: 4 }));
    let known = 0;
    const check = (blocks: readonly (readonly [readonly number[], readonly (readonly number[])[]])[]): void => {
      const { calls, send, asked, failed } = listen();
      const decoder = new HeaderDecoder();
      for (const [update, parts] of blocks) {
        const bytes = Buffer.from([...update, ...parts.flat()]);
        // Two alike: the second one may be known.
        for (let times = 0; times < 2; times++) {
          const before = calls.length;
          send([...bytes]);
          const fields = decoder.decode(bytes);
          if (fields === undefined) {
            expect(failed()).toBe(1);
            return;
          }
          const names = fields.map(({ name }) => name);
          if (new Set(names).size < names.length) {
            expect(calls).toHaveLength(before);
            continue;
          }
          const read = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
          expect(calls.at(-1)).toEqual({ headers: withoutTimeout(read), timeoutMs: timeoutOf(read) });
          expect(calls).toHaveLength(before + 1);
        }
      }
      known += calls.length - asked();
    };
    fc.assert(fc.property(fc.array(block, { maxLength: 12 }), check), { numRuns: 1000 });
    expect(known).toBeGreaterThan(100);
  });
});

it('a known block ends where it ends: nothing is read beyond it', () => {
  const bytes = Buffer.from([...POST, ...timeout('20m'), 0x88]);
  const place = { from: POST.length + 14, to: bytes.length - 1 };
  const known = new KnownBlock(bytes, place, 20, 'a call');
  expect(known.timeoutMsIn(bytes, 0, bytes.length)).toBe(20);
  for (let to = 0; to < bytes.length; to++) expect(known.timeoutMsIn(bytes, 0, to)).toBeUndefined();
  const longer = Buffer.concat([bytes, Buffer.of(0x88)]);
  expect(known.timeoutMsIn(longer, 0, longer.length)).toBeUndefined();
  expect(known.timeoutMsIn(Buffer.concat([Buffer.of(0), bytes]), 1, bytes.length + 1)).toBe(20);
});
