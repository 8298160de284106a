import jpeg from 'jpeg-js';
import { toPicture, turnUpright } from '../picture.ts';
import type { ImageFormat } from './format.ts';

/** Markers of a JPEG file: ITU T.81, table B.1. */
const MARKER = { start: 0xffd8, exif: 0xffe1, scan: 0xffda } as const;
const ORIENTATION_TAG = 0x0112;
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

/** 1 .. 8; 1 where the file does not say, or says it wrongly. EXIF 2.32, section 4.5. */
function orientationOf(bytes: Buffer): number {
  for (const { marker, at } of segmentsOf(bytes)) {
    const length = bytes.readUInt16BE(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (marker === MARKER.exif && body.toString('latin1', 0, 6) === 'Exif\0\0')
      return readOrientation(body.subarray(6));
  }
  return 1;
}

function readOrientation(tiff: Buffer): number {
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const short = (at: number): number =>
    at + 2 > tiff.length ? 0 : isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at);
  const long = (at: number): number =>
    at + 4 > tiff.length ? 0 : isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at);
  const directory = long(4);
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + entry * 12;
    if (short(at) === ORIENTATION_TAG) return short(at + 8);
  }
  return 1;
}
