import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadCodecs } from '../../../src/server/kafka/compression.ts';

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

describe('snappy', () => {
  it('reads one naked block, as producers other than Java write it', () => {
    // "aaaaaaaa": 8 bytes, a literal of one "a", a copy of 7 bytes from 1 back (format_description.txt of Snappy).
    const naked = Buffer.from([8, 0x00, 0x61, 0x0d, 0x01]);
    expect(codecs.snappy.decompress(naked).toString()).toBe('aaaaaaaa');
  });
});
