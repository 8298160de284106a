import { crc32, deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openImageDecoder, type ImageDecoder } from '../../../src/models/images/decode-image.ts';
import { encodePng } from '../../../src/models/images/formats/png.ts';
import { readGoldenImages } from '../../support/golden-images.ts';

const { good, bad } = readGoldenImages();
let decode: ImageDecoder;
beforeAll(async () => {
  decode = await openImageDecoder();
});

describe('the decoder of images', () => {
  it.each(Object.entries(good))('reads what Pillow reads: %s', (_, { file, width, height, rgb, tolerance }) => {
    const picture = decode(Buffer.from(file, 'base64'));
    expect([picture.width, picture.height]).toEqual([width, height]);
    const worst = rgb.reduce((most, value, at) => Math.max(most, Math.abs(value - picture.rgb[at]!)), 0);
    expect(worst).toBeLessThanOrEqual(tolerance + 1e-3);
  });

  it.each([
    ['animated PNG', 'it is an animated PNG: send one frame'],
    ['animated WebP', 'it is an animated WebP: send one frame'],
    ['GIF', 'it is none of PNG, JPEG, WebP'],
  ])('refuses an %s', (name, reason) => {
    expect(() => decode(Buffer.from(bad[name]!, 'base64'))).toThrow(`the image cannot be read: ${reason}`);
  });

  it.each(Object.keys(good).filter((name) => /RGB$|colour|lossless/.test(name)))(
    'refuses a file that is cut: %s',
    (name) => {
      const whole = Buffer.from(good[name]!.file, 'base64');
      for (const share of [0.3, 0.6]) {
        expect(() => decode(whole.subarray(0, Math.floor(whole.length * share)))).toThrow(/^the image cannot be read/);
      }
    },
  );

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('no image at all')],
    ['the start of a PNG', Buffer.from('89504e470d0a1a0a', 'hex')],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(bytes)).toThrow(/^the image cannot be read/);
  });

  it('refuses a small picture whose data would fill the memory', () => {
    const pixel = Buffer.from(encodePng(1, 1, 1, Uint8Array.of(0)));
    const bomb = deflateSync(Buffer.alloc(50_000_000));
    const chunk = (type: string, body: Buffer): Buffer => {
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(body.length);
      sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), body])));
      return Buffer.concat([length, Buffer.from(type), body, sum]);
    };
    const header = pixel.subarray(0, 33);
    const file = Buffer.concat([header, chunk('IDAT', bomb), chunk('IEND', Buffer.alloc(0))]);
    expect(file.length).toBeLessThan(60_000);
    expect(() => decode(file)).toThrow(/^the image cannot be read: it is a broken PNG \(.*larger than/);
  });

  it('refuses a picture that would fill the memory, by its header alone', () => {
    const bomb = Buffer.from(encodePng(1, 1, 1, Uint8Array.of(0)));
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    expect(() => decode(bomb)).toThrow('it has 60000 x 60000 pixels, more than 50000000');
  });
});
