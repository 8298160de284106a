import { AristarchError, messageOf } from '../../base/errors.ts';
import { jpegFormat } from './formats/jpeg.ts';
import { png } from './formats/png.ts';
import { openWebp } from './formats/webp.ts';
import type { Picture } from './picture.ts';

/** Larger ones are refused before they are decoded: a small file can hold a picture that fills the memory. */
export const MOST_PIXELS = 50_000_000;

/** Bytes of a file -> picture. Throws `INVALID_INPUT` that says what is wrong with it. */
export type ImageDecoder = (bytes: Uint8Array) => Picture;

/**
 * A decoder of PNG, JPEG and WebP.
 *
 * | in the file                    | becomes                                                            |
 * |--------------------------------|--------------------------------------------------------------------|
 * | grey                           | three equal colours                                                |
 * | 16 bits a sample (PNG)         | 0 .. 255 with fractions                                             |
 * | alpha                          | the image on white                                                 |
 * | palette                        | its colours                                                        |
 * | EXIF orientation               | the image as the camera was held                                   |
 * | several frames (APNG, WebP)    | refused: which of them is meant is not for us to say                |
 * | more than 50 million pixels    | refused, before it is decoded                                      |
 * | broken, cut, another format    | refused                                                            |
 */
export async function openImageDecoder(): Promise<ImageDecoder> {
  const formats = [png, jpegFormat, await openWebp()];
  return (given) => {
    const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    const format = formats.find(({ isOne }) => isOne(bytes));
    if (format === undefined)
      throw refused(`it is none of ${formats.map(({ name }) => name).join(', ')}: convert it to one of these`);
    const size = format.sizeOf(bytes);
    if (size === undefined) throw refused(`its ${format.name} header is cut`);
    if (size[0] * size[1] > MOST_PIXELS)
      throw refused(`it has ${size[0]} x ${size[1]} pixels, more than ${MOST_PIXELS}: shrink it first`);
    if (size[0] * size[1] === 0) throw refused('it has no pixels');
    if (format.isAnimated(bytes)) throw refused(`it is an animated ${format.name}: send one frame`);
    try {
      return format.decode(bytes);
    } catch (thrown) {
      throw refused(`it is a broken ${format.name} (${messageOf(thrown)})`, thrown);
    }
  };
}

function refused(reason: string, cause?: unknown): AristarchError {
  return new AristarchError('INVALID_INPUT', `the image cannot be read: ${reason}`, { reason }, cause);
}
