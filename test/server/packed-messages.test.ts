import { once } from 'node:events';
import { constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { http2StreamOf } from '../../src/server/grpc/http2-stream-of.ts';
import { PackedMessages } from '../../src/server/grpc/packed-messages.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { createCalledPatience, serveLengths, serveOne, STREAM } from '../support/read-calls.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';

const open = createHttp2Fixture();
const serve = createServeFixture();

/** A client that takes no bytes of answers until the window is raised. */
const takesNothing = { settings: { initialWindowSize: 0 } };

describe('what a compressed message becomes', () => {
  const GZIP = { 'grpc-encoding': 'gzip' };
  const packed = (size: number): Buffer => framed(gzipSync(Buffer.alloc(size)), true);
  /** With what frames it and what it takes beside. */
  const heldOf = (size: number): number => size + 5 + 128;

  /** A server that answers when the test says so. */
  async function serveLate(held: HeldBytes) {
    const answers: (() => unknown)[] = [];
    const served = await serveLengths(held, (answer) => answers.push(answer));
    return { ...served, answers, answer: () => answers.splice(0).forEach((each) => each()) };
  }

  it('is held until the message is answered', async () => {
    const held = new HeldBytes(2 ** 20);
    const { address, stop, answers, answer } = await serveLate(held);
    const session = open(address);
    const { stream, end } = startCall(session, STREAM, GZIP);
    stream.write(Buffer.concat([packed(50_000), packed(60_000)]));
    await waitUntil('both to be read', () => answers.length === 2);
    expect(held.bytes).toBe(heldOf(50_000) + heldOf(60_000));
    answer();
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stream.end(packed(70_000));
    await waitUntil('the end to be read', () => answers.length === 2);
    answer();
    const { code, messages } = await end;
    expect([code, messages.map(String)]).toEqual([status.OK, ['50000', '60000', '70000']]);
    expect(held.bytes).toBe(0);
    stop();
  });

  it('waits until a message of a stream is answered where that is large, and is refused nothing that the stream itself would take', async () => {
    const held = new HeldBytes(2 ** 21);
    const { address, stop, answers, answer } = await serveLate(held);
    const session = open(address);
    const { stream, end } = startCall(session, STREAM, GZIP);
    const count = 12;
    stream.write(Buffer.concat(Array.from({ length: count }, () => packed(2 ** 20))));
    for (let message = 0; message < count; message++) {
      await waitUntil('one to be read', () => answers.length > 0);
      expect(answers).toHaveLength(1);
      answer();
    }
    stream.end();
    await waitUntil('the end to be read', () => answers.length > 0);
    answer();
    const { code, messages } = await end;
    expect([code, messages.length]).toEqual([status.OK, count]);
    expect(held.bytes).toBe(0);
    stop();
  });

  it('is given back where the caller takes no answer and the handler has failed behind it', async () => {
    const held = new HeldBytes(2 ** 23);
    const { address, calls, patience, stop } = await serveLengths(held);
    const session = open(address, takesNothing);
    await once(session, 'remoteSettings');
    const { stream, end } = startCall(session, STREAM, GZIP);
    const answered = once(stream, 'response');
    stream.write(packed(1));
    await answered;
    const failed = once(calls[0]!, 'error');
    stream.write(Buffer.concat([packed(2), packed(500_000), framed(Buffer.from('neither'), true)]));
    const [{ details }] = (await failed) as [{ readonly details: string }];
    expect(details).toMatch(/not compressed as .* "gzip"/);
    expect(held.bytes).toBeGreaterThanOrEqual(heldOf(500_000));
    expect(await end).toMatchObject({ reset: constants.NGHTTP2_ENHANCE_YOUR_CALM, messages: [] });
    await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
    stop();
  });

  it('is given back once the status is sent, also where messages are unanswered and the caller does not end', async () => {
    const held = new HeldBytes(2 ** 20);
    const { patience } = createCalledPatience();
    const { address, calls, read, stop } = await serveLengths(held, () => undefined, patience);
    const { stream } = startCall(open(address), STREAM, GZIP);
    stream.write(Buffer.concat([packed(50_000), packed(60_000)]));
    await waitUntil('both to be read', () => read.length === 2);
    expect(held.bytes).toBe(heldOf(50_000) + heldOf(60_000));
    calls[0]!.end();
    await waitUntil('nothing to be held', () => held.bytes === 0);
    // The call is not over, and nobody has looked at it.
    expect(patience.size).toBe(1);
    stop();
  });

  it('is not inflated by grpc-js either once the call is over while an answer is not taken', async () => {
    const { patience } = createCalledPatience();
    const { address, calls, read, stop } = await serveLengths(new HeldBytes(2 ** 20), undefined, patience);
    const session = open(address, takesNothing);
    await once(session, 'remoteSettings');
    const { stream } = startCall(session, STREAM, { ...GZIP, 'grpc-timeout': '3S' });
    stream.write(packed(10));
    await waitUntil('the first to be read', () => read.includes(10));
    await waitUntil('the deadline', () => http2StreamOf(calls[0])!.writableEnded);
    stream.write(packed(20));
    // Of the same connection, so that what was sent before has come.
    const other = startCall(session, STREAM, GZIP);
    other.stream.write(packed(30));
    await waitUntil('the other to be read', () => read.includes(30));
    expect(read).toEqual([10, 30]);
    stop();
  });

  it('is refused behind the messages before it where it is more than there is room for', async () => {
    let refused = 0;
    const held = new HeldBytes(200_000, () => refused++);
    const { address, stop, answers, answer } = await serveLate(held);
    const session = open(address);
    const { stream, end } = startCall(session, STREAM, GZIP);
    stream.write(Buffer.concat([packed(60_000), packed(60_000), packed(60_000), packed(10)]));
    await waitUntil('two to be read and the third to be refused', () => answers.length === 3);
    expect([held.bytes, refused]).toEqual([2 * heldOf(60_000), 1]);
    answer();
    const { code, text, messages, retryAfterMs } = await end;
    expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['60000', '60000']]);
    expect(text).toMatch(/holds as many bytes .* send again in 1000 ms/);
    expect(retryAfterMs).toBe(1000);
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stop();
  });

  it('is not refused for what came in the same piece behind it, and has no room', async () => {
    const held = new HeldBytes(4000);
    const { address, stop } = await serveLengths(held);
    const { stream, end } = startCall(open(address), STREAM, GZIP);
    const plain = [1000, 1100].map((size) => framed(Buffer.alloc(size)));
    stream.write(Buffer.concat([...plain, framed(Buffer.alloc(20_000)), framed(Buffer.alloc(10))]));
    const { code, messages, retryAfterMs } = await end;
    expect([code, messages.map(String)]).toEqual([status.RESOURCE_EXHAUSTED, ['1000', '1100']]);
    expect(retryAfterMs).toBe(1000);
    await waitUntil('nothing to be held', () => held.bytes === 0);
    stop();
  });

  it('takes room from others, in a call of one message until that is over', async () => {
    const held = new HeldBytes(200_000);
    const { address, patience, stop, answer } = await serveOne(held);
    const session = open(address);
    const { stream, end } = startCall(session, '/test/one', GZIP);
    stream.end(packed(100_000));
    await waitUntil('all of it to be held', () => held.bytes === heldOf(100_000));
    const other = startCall(session, '/test/one', GZIP);
    other.stream.end(packed(100_000));
    expect((await other.end).code).toBe(status.RESOURCE_EXHAUSTED);
    answer();
    expect((await end).code).toBe(status.OK);
    await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
    stop();
  });

  it('comes into being when the message is asked for, and is given back with the call', async () => {
    const held = new HeldBytes(2 ** 22);
    const frames: Buffer[] = [];
    const bounds = { maxMessageBytes: 2 ** 20, remedy: 'send less', mostAheadBytes: Infinity };
    const parts = { encoding: 'gzip', held, ...bounds } as const;
    const calls = { handOn: (frame: Buffer) => frames.push(frame), end: () => undefined, fail: () => undefined };
    const messages = new PackedMessages({ ...parts, ...calls });
    const all = [300, 200, 100].map(packed);
    messages.take(Buffer.concat(all));
    const restBytes = all.slice(1).reduce((bytes, { length }) => bytes + length + 128, 0);
    expect([held.bytes, frames.length]).toEqual([all[0]!.length + 128 + restBytes, 0]);
    messages.ask();
    await waitUntil('the first', () => frames.length > 0);
    expect([held.bytes, frames.map(({ length }) => length)]).toEqual([heldOf(300) + restBytes, [305]]);
    messages.ask();
    messages.close();
    expect(held.bytes).toBe(0);
  });

  it.each([
    ['too large as it comes', framed(Buffer.alloc(2 ** 20 + 1), true), status.RESOURCE_EXHAUSTED, /of 1048577 bytes/],
    ['too large inflated', packed(2 ** 20 + 1), status.RESOURCE_EXHAUSTED, /more than 1048576 bytes, inflated/],
    ['none', framed(Buffer.from('neither'), true), status.INVALID_ARGUMENT, /not compressed as .* "gzip"/],
    ['broken off', framed(gzipSync(Buffer.alloc(999)).subarray(0, -9), true), status.INVALID_ARGUMENT, /end of file/],
  ])('is refused where it is %s, by the message before and with nothing left', async (_, wrong, wanted, why) => {
    const held = new HeldBytes(2 ** 22);
    const { address, patience, stop } = await serveLengths(held);
    const session = open(address);
    const { stream, end } = startCall(session, STREAM, GZIP);
    stream.end(Buffer.concat([packed(7), wrong, packed(8)]));
    const { code, text, messages } = await end;
    expect([code, messages.map(String)]).toEqual([wanted, ['7']]);
    expect(text).toMatch(why);
    await waitUntil('nothing to be held', () => held.bytes === 0 && patience.size === 0);
    stop();
  });

  it.each([
    [1024, /1024 bytes that one may have: send less .* or raise --max-message-bytes$/],
    // The bound of a question to the reflection, which is another thing.
    [4096, /4096 bytes that one may have: send less .* or raise --max-message-bytes$/],
  ])('is refused with what can be done where it is larger than %d bytes', async (maxMessageBytes, remedy) => {
    const { addresses } = await serve({ settings: { maxMessageBytes } });
    for (const message of [packed(5000), framed(Buffer.alloc(5000), true)]) {
      const { stream, end } = startCall(open(addresses.grpc), '/aristarch.v1.Aristarch/Score', GZIP);
      stream.end(message);
      const { code, text } = await end;
      expect([code, text]).toEqual([status.RESOURCE_EXHAUSTED, expect.stringMatching(remedy)]);
    }
  });
});
