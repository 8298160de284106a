import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  AnswerMeter,
  loadCodecs,
  MOST_ANSWER_BYTES,
  MOST_BATCH_BYTES,
  TooMuchAtOnce,
} from '../../../src/server/kafka/compression.ts';
import { toOneBatch } from '../../../src/server/kafka/kafkajs/bounded-answers.ts';
import { lz4Size, snappySize, zstdSize } from '../../../src/server/kafka/decompressed-size.ts';
import { bytesInUse } from '../../support/bytes-in-use.ts';

const codecs = await loadCodecs();

describe.each(Object.entries(codecs))('%s', (name, codec) => {
  it('gives back what it was given, whatever it is', () => {
    const bytes = fc.uint8Array({ maxLength: 100_000, size: 'max' });
    fc.assert(
      fc.property(bytes, (some) => {
        const original = Buffer.from(some);
        expect(codec.decompress(codec.compress(original)).equals(original)).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it('says so when it is given something else', () => {
    expect(() => codec.decompress(Buffer.from('these bytes were never compressed'))).toThrow(
      expect.objectContaining({
        code: 'DATA_UNREADABLE',
        message: expect.stringContaining(`a batch that calls itself ${name} cannot be decompressed`),
      }),
    );
    expect(codec.decompress(codec.compress(Buffer.from('still works'))).toString()).toBe('still works');
  });
});

describe('a decompression bomb', () => {
  it.each(Object.entries(codecs))('of %s is refused before it takes memory', (name, codec) => {
    const bomb = codec.compress(Buffer.alloc(MOST_BATCH_BYTES + 1));
    // Not larger than what brokers take, or not by much: Snappy's 64 KiB blocks cannot shrink further.
    expect(bomb.length).toBeLessThan(4 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => codec.decompress(bomb)).toThrow(
      expect.objectContaining({
        code: 'DATA_UNREADABLE',
        message: expect.stringContaining(`itself ${name} cannot be decompressed`),
      }),
    );
    if (name !== 'snappy' && name !== 'gzip')
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    const most = Buffer.alloc(MOST_BATCH_BYTES, 'x');
    expect(codec.decompress(codec.compress(most)).length).toBe(MOST_BATCH_BYTES);
  });

  it('of many small frames, or with a window or a length of gigabytes, is refused as well', () => {
    const half = Buffer.alloc(MOST_BATCH_BYTES / 2 + 1);
    for (const name of ['lz4', 'zstd', 'gzip'] as const) {
      const frame = codecs[name].compress(half);
      expect(() => codecs[name].decompress(Buffer.concat([frame, frame]))).toThrow(/cannot be decompressed/);
    }
    // RFC 8878: no single segment, the largest window; then a block of one byte that is the last.
    const window = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0x09, 0x00, 0x00, 0x61]);
    expect(() => codecs.zstd.decompress(window)).toThrow(/it would become \d{10,} bytes/);
    // A length of 4 GiB in front of nothing.
    expect(() => codecs.snappy.decompress(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]))).toThrow(/4294967295/);
  });
});

it('bad batches of Snappy, however many, leave good ones readable, and no memory taken', async () => {
  const good = codecs.snappy.compress(Buffer.from('good'));
  // A length of 64 KiB in front of a copy of what was never written, at which the decoder traps.
  const bad = Buffer.from([0xff, 0xff, 0x03, 0xfe, 0xff, 0xff]);
  const before = await bytesInUse();
  for (let batch = 0; batch < 1500; batch++)
    expect(() => codecs.snappy.decompress(bad)).toThrow(/cannot be decompressed/);
  expect(codecs.snappy.decompress(good).toString()).toBe('good');
  expect((await bytesInUse()) - before).toBeLessThan(32 * 1024 * 1024);
});

describe('the batches of an answer', () => {
  it('may become so much together, one of them in any case', () => {
    const meter = new AnswerMeter();
    for (let bytes = 0; bytes < MOST_ANSWER_BYTES; bytes += MOST_BATCH_BYTES) meter.add(MOST_BATCH_BYTES);
    expect(() => meter.add(1)).toThrow(TooMuchAtOnce);
    expect(MOST_BATCH_BYTES).toBeLessThanOrEqual(MOST_ANSWER_BYTES);
  });

  it('are asked for one by one else: one byte, of another partition first each time', () => {
    const partitions = [0, 1, 2].map((partition) => ({ partition, fetchOffset: '7', maxBytes: 1024 }));
    const request = { maxBytes: 10_000, minBytes: 1, topics: [{ topic: 'events', partitions }] };
    const ordersOf = (turn: number) =>
      toOneBatch(request, turn).topics[0]!.partitions.map((each) => [
        (each as { partition?: number }).partition,
        each.maxBytes,
      ]);
    expect(ordersOf(0)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(ordersOf(4)).toEqual([
      [1, 1],
      [2, 1],
      [0, 1],
    ]);
    expect(toOneBatch(request, 1)).toMatchObject({ maxBytes: 1, minBytes: 1 });
  });
});

describe('the size that compressed bytes become', () => {
  const compressible = fc.array(fc.constantFrom('a', 'bcd', 'efghijkl', '\0'), { maxLength: 60_000, size: 'max' });

  it('is known to the byte for LZ4, and from above, by a block, for Zstandard', () => {
    fc.assert(
      fc.property(compressible, (parts) => {
        const bytes = Buffer.from(parts.join(''));
        expect(lz4Size(codecs.lz4.compress(bytes))).toBe(bytes.length);
        const size = zstdSize(codecs.zstd.compress(bytes));
        expect(size).toBeGreaterThanOrEqual(bytes.length);
        expect(size).toBeLessThanOrEqual(Math.max(2 ** 23, bytes.length + 128 * 1024));
      }),
      { numRuns: 10 },
    );
  });

  it('is refused where the bytes end too soon', () => {
    for (const sizeOf of [lz4Size, zstdSize])
      for (const magic of [
        [4, 0x22, 0x4d, 0x18],
        [0x28, 0xb5, 0x2f, 0xfd],
      ])
        expect(() => sizeOf(Buffer.from(magic))).toThrow(/ends at byte|no frame begins/);
    expect(() => snappySize(Buffer.from([0x80]))).toThrow(/ends at byte 1/);
  });
});

describe('snappy', () => {
  it('reads one naked block, as producers other than Java write it', () => {
    // "aaaaaaaa": 8 bytes, a literal of one "a", a copy of 7 bytes from 1 back (format_description.txt of Snappy).
    const naked = Buffer.from([8, 0x00, 0x61, 0x0d, 0x01]);
    expect(codecs.snappy.decompress(naked).toString()).toBe('aaaaaaaa');
  });
});
