import { describe, expect, it } from '@jest/globals';
import { HeldBytes, keepPiece, mostHeldBytes } from '../../src/server/grpc/held-bytes.ts';

describe('what is held of messages', () => {
  it('is a piece by itself where it is a small part of what was read, and the piece as it came where that is most of it', () => {
    const read = Buffer.alloc(65_536, 7);
    const small = keepPiece(read.subarray(100, 200));
    expect(small).toEqual(Buffer.alloc(100, 7));
    expect(small.buffer.byteLength).toBe(100);
    const large = read.subarray(0, 40_000);
    expect(keepPiece(large)).toBe(large);
  });

  it('is bounded, and what is refused does not count', () => {
    const held = new HeldBytes(10);
    expect([held.take(6), held.take(6), held.take(4), held.isFull]).toEqual([true, false, true, true]);
    held.free(6);
    expect(held.isFull).toBe(false);
    expect(mostHeldBytes(2 ** 27)).toBe(2 ** 29);
  });
});
