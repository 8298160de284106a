import jpeg from 'jpeg-js';
import { toPicture, turnUpright } from '../picture.ts';
import type { ImageFormat } from './format.ts';
import { readOrientation } from './orientation.ts';

/** Markers of a JPEG file: ITU T.81, table B.1. */
const MARKER = { start: 0xffd8, exif: 0xffe1, scan: 0xffda } as const;
const MOST_MEMORY_MIB = 2048;

/** JPEG, baseline and progressive, grey and colour; turned upright by its EXIF orientation. */
export const jpegFormat: ImageFormat = {
  name: 'JPEG',
  isOne: (bytes) => bytes.length > 3 && bytes.readUInt16BE(0) === MARKER.start && bytes[2] === 0xff,
  sizeOf: (bytes) => {
    for (const { marker, at } of segmentsOf(bytes)) {
      if (isFrame(marker) && at + 9 <= bytes.length) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
    }
    return undefined;
  },
  isAnimated: () => false,
  decode: (bytes) => {
    const { width, height, data } = jpeg.decode(bytes, {
      ...{ useTArray: true, formatAsRGBA: false, tolerantDecoding: false },
      ...{ maxMemoryUsageInMB: MOST_MEMORY_MIB },
    });
    const picture = toPicture({ width, height, channels: 3, data, most: 255 });
    return turnUpright(picture, orientationOf(bytes));
  },
};

/** Start of frame, of any coding; three codes in between mean other things. */
const isFrame = (marker: number): boolean =>
  marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);

interface Segment {
  readonly marker: number;
  /** Of the marker. */
  readonly at: number;
}

function* segmentsOf(bytes: Buffer): Generator<Segment> {
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes.readUInt16BE(at);
    if (marker < 0xff00 || marker === MARKER.scan) return;
    yield { marker, at };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
}

function orientationOf(bytes: Buffer): number {
  for (const { marker, at } of segmentsOf(bytes)) {
    const length = bytes.readUInt16BE(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    // The same marker has other things, such as XMP, which say what they are.
    if (marker === MARKER.exif && body.toString('latin1', 0, 6) === 'Exif\0\0') return readOrientation(body);
  }
  return 1;
}
