import { describe, expect, it } from '@jest/globals';
import { readOrientation } from '../../../src/models/images/formats/orientation.ts';

/** EXIF of one entry, the orientation, as a little-endian ("II") or a big-endian ("MM") machine writes it. */
const LITTLE = Buffer.from('49492a0008000000' + '0100' + '1201' + '0300' + '01000000' + '06000000', 'hex');
const BIG = Buffer.from('4d4d002a00000008' + '0001' + '0112' + '0003' + '00000001' + '00060000', 'hex');

describe('the orientation in EXIF', () => {
  it('is read in either order of bytes, and behind the prefix of a JPEG file', () => {
    const prefixed = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), BIG]);
    expect([LITTLE, BIG, prefixed].map(readOrientation)).toEqual([6, 6, 6]);
  });

  it('is the usual one where EXIF is cut anywhere before it, or points outside itself', () => {
    const cut = Array.from({ length: 18 }, (_, length) => readOrientation(BIG.subarray(0, length)));
    const outside = Buffer.from(BIG);
    outside.writeUInt32BE(0xfffffff0, 4);
    expect(new Set([...cut, readOrientation(outside)])).toEqual(new Set([0, 1]));
  });
});
