import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CODECS } from '../../../src/server/kafka/compression.ts';

describe.each(Object.entries(CODECS))('%s', (name, codec) => {
  it('gives back what it was given, whatever it is', async () => {
    const bytes = fc.uint8Array({ maxLength: 100_000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(bytes, async (some) => {
        const original = Buffer.from(some);
        expect((await codec.decompress(await codec.compress(original))).equals(original)).toBe(true);
      }),
      { numRuns: 8 },
    );
  });

  it('says so when it is given something else', async () => {
    await expect(codec.decompress(Buffer.from('these bytes were never compressed'))).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringContaining(`a batch that calls itself ${name} cannot be decompressed`),
    });
    await expect(codec.decompress(await codec.compress(Buffer.from('still works')))).resolves.toEqual(
      Buffer.from('still works'),
    );
  });
});

describe('snappy', () => {
  it('reads one naked block, as producers other than Java write it', async () => {
    // "aaaaaaaa": 8 bytes, a literal of one "a", a copy of 7 bytes from 1 back (format_description.txt of Snappy).
    const naked = Buffer.from([8, 0x00, 0x61, 0x0d, 0x01]);
    expect((await CODECS.snappy.decompress(naked)).toString()).toBe('aaaaaaaa');
  });
});
