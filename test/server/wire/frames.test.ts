import { describe, expect, it } from '@jest/globals';
import { type Frame, FrameReader, toFrame } from '../../../src/server/grpc/wire/frames.ts';

describe('frames', () => {
  const bodies = [0, 1, 300, 16_384, 5].map((length, at) => Buffer.alloc(length, at + 1));
  const bytes = Buffer.concat(bodies.map((body, at) => toFrame(at, at, 2 * at + 1, body)));

  it.each([1, 2, 8, 9, 10, 400, 16_400, 100_000])('are whole again where they come %i bytes at a time', (size) => {
    const reader = new FrameReader();
    const found: unknown[] = [];
    const take = ({ type, flags, id, bytes: where, from, to }: Frame): void => {
      found.push([type, flags, id, Buffer.from(where.subarray(from, to))]);
    };
    for (let at = 0; at < bytes.length; at += size) expect(reader.read(bytes.subarray(at, at + size), take)).toBe(true);
    expect(found).toEqual(bodies.map((body, at) => [at, at, 2 * at + 1, body]));
  });

  it.each([1, 2, 9, 100])('are refused where one is too long, %i bytes at a time', (size) => {
    const reader = new FrameReader();
    const long = Buffer.concat([toFrame(0, 0, 1, Buffer.alloc(5)), Buffer.from('004001000000000001', 'hex')]);
    const answers: boolean[] = [];
    for (let at = 0; at < long.length; at += size)
      answers.push(reader.read(long.subarray(at, at + size), () => undefined));
    expect(answers.at(-1)).toBe(false);
    expect(answers.slice(0, -1)).not.toContain(false);
  });
});
