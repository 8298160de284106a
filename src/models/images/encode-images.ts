import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Encoder, RawRecord } from '../features/encode.ts';
import type { ImageField } from '../features/schema.ts';
import type { ImageDecoder } from './decode-image.ts';
import { fitPicture } from './fit-picture.ts';
import { REFERENCE, type ImageFolder } from './image-folder.ts';

/**
 * Records with an image -> raw rows, as `raw-rows.ts` reads them from files: the image is the bytes of a PNG, JPEG or WebP file, or,
 * where a record is JSON, their base64, or a reference into `folder`. Throws `SCHEMA_MISMATCH` where a record has no image, `INVALID_INPUT` for one that cannot be read.
 */
export function createImageEncoder(field: ImageField, decode: ImageDecoder, folder?: ImageFolder): Encoder {
  const width = field.channels * field.size ** 2;
  return (records) => {
    const rows = new Float32Array(records.length * width);
    records.forEach((record, index) => {
      try {
        fitPicture(decode(bytesOf(record, field, folder)), field, rows, index * width);
      } catch (thrown) {
        const { code, message, data } = toAristarchError(thrown);
        throw new AristarchError(
          code,
          `record ${index}: ${message}`,
          { ...data, record: index, field: field.name },
          thrown,
        );
      }
    });
    return rows;
  };
}

/** Base64, of a data address or alone: RFC 4648, section 4, and RFC 2397. */
const BASE64 = /^(?:data:[^,]*;base64,)?([A-Za-z0-9+/\s]*={0,2}\s*)$/;

function bytesOf(record: RawRecord, { name }: ImageField, folder: ImageFolder | undefined): Uint8Array {
  if (typeof record !== 'object' || (record as unknown) === null || !Object.hasOwn(record, name)) {
    throw new AristarchError('SCHEMA_MISMATCH', `there is no field "${name}": send the image in it`);
  }
  const value = record[name];
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string' && value.startsWith(REFERENCE)) return readReference(value, folder);
  const text = typeof value === 'string' ? BASE64.exec(value)?.[1] : undefined;
  if (text !== undefined) return Buffer.from(text, 'base64');
  const message = `"${name}" is an image: send the bytes of a PNG, JPEG or WebP file, in JSON as base64`;
  throw new AristarchError('INVALID_INPUT', message);
}

function readReference(reference: string, folder: ImageFolder | undefined): Uint8Array {
  if (folder !== undefined) return folder(reference);
  const message = `the image "${reference}" is a reference, and none are followed: start the server with --image-folder, or send the bytes`;
  throw new AristarchError('INVALID_INPUT', message, { reference });
}
