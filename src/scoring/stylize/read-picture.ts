import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Picture } from '../../models/images/picture.ts';
import { readPictures } from '../../models/images/read-images.ts';
import { openTable } from '../../tables/table.ts';

/** The column of a table that reads image files. */
const FILES_COLUMN = 'image';

/** The picture at an address, as training and scoring read it. Throws `NOT_FOUND`, and `INVALID_INPUT` where there are several, or it cannot be read. */
export async function readPicture(flag: string, address: string): Promise<Picture> {
  const table = await openTable({ data: [address] });
  try {
    if (table.rowCount !== 1) {
      const message = `${flag} ${address} has ${table.rowCount} images: name one`;
      throw new AristarchError('INVALID_INPUT', message, { address, count: table.rowCount });
    }
    for await (const { pictures } of readPictures(table, FILES_COLUMN)) if (pictures[0]) return pictures[0];
    throw new AristarchError('INTERNAL', `${address} has a row and no picture`);
  } catch (thrown) {
    const { code, message, data } = toAristarchError(thrown);
    throw new AristarchError(code, message.startsWith(`${address}: `) ? `${flag} ${message}` : message, data, thrown);
  } finally {
    await table.close();
  }
}
