const ORIENTATION_TAG = 0x0112;
/** What stands before EXIF in a JPEG file, and was left before it by some that wrote another one. */
const PREFIX = 'Exif\0\0';

/** The orientation 1 .. 8 that EXIF (2.32, section 4.5) has; 1 where it does not say, or says it wrongly. */
export function readOrientation(exif: Buffer): number {
  const tiff = exif.toString('latin1', 0, PREFIX.length) === PREFIX ? exif.subarray(PREFIX.length) : exif;
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const read = (at: number, bytes: 2 | 4): number =>
    at + bytes > tiff.length ? 0 : isLittle ? tiff.readUIntLE(at, bytes) : tiff.readUIntBE(at, bytes);
  const directory = read(4, 4);
  for (let entry = 0; entry < read(directory, 2); entry++) {
    const at = directory + 2 + entry * 12;
    if (read(at, 2) === ORIENTATION_TAG) return read(at + 8, 2);
  }
  return 1;
}
