import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { suggestNames } from '../../base/near-names.ts';
import type { RawRowChunk } from '../features/raw-rows.ts';
import type { ImageField } from '../features/schema.ts';
import { quoteName } from '../../tables/sql.ts';
import type { Table } from '../../tables/table.ts';
import { openImageDecoder } from './decode-image.ts';
import { fitPicture } from './fit-picture.ts';
import type { Picture } from './picture.ts';

/** SQL of a column's bytes: a BLOB, or a STRUCT that has them as `bytes` (as Hugging Face writes images). Throws `NOT_FOUND`, `SCHEMA_MISMATCH`. */
export function bytesExpression({ columns }: Pick<Table, 'columns'>, name: string): string {
  const column = columns.find((each) => each.name === name);
  if (column === undefined) {
    const names = columns.map((each) => each.name);
    throw new AristarchError('NOT_FOUND', `the data has no column "${name}".${suggestNames(name, names)}`, {
      column: name,
    });
  }
  if (column.type === 'BLOB') return quoteName(name);
  if (/^STRUCT\(.*\bbytes BLOB\b/.test(column.type)) return `${quoteName(name)}.bytes`;
  const message = `column "${name}" is ${column.type}, which holds no images: they are bytes of PNG, JPEG or WebP files (BLOB)`;
  throw new AristarchError('SCHEMA_MISMATCH', message, { column: name });
}

/** Reads the pictures of a table, in order; the expressions come first in each chunk. Throws `INVALID_INPUT` with the row, or the file. */
export async function* readPictures(table: Table, name: string, expressions: readonly string[] = []) {
  const bytes = bytesExpression(table, name);
  const decode = await openImageDecoder();
  let row = 0;
  for await (const source of table.stream([...expressions, bytes])) {
    const pictures: Picture[] = [];
    for (const blob of source.blobs(expressions.length)) {
      row++;
      if (blob === null) {
        const message = `${await table.placeOf(row)} has no image: leave such rows out with --where '"${name}" IS NOT NULL'`;
        throw new AristarchError('INVALID_INPUT', message, { row });
      }
      try {
        pictures.push(decode(blob));
      } catch (thrown) {
        const { code, message, data } = toAristarchError(thrown);
        throw new AristarchError(code, `${await table.placeOf(row)}: ${message}`, { ...data, row }, thrown);
      }
    }
    yield { pictures, source };
  }
}

/** As `rawRowChunks`, of images. */
export async function* imageRowChunks(
  table: Table,
  field: ImageField,
  expressions: readonly string[],
): AsyncGenerator<RawRowChunk> {
  const width = field.channels * field.size ** 2;
  for await (const { pictures, source } of readPictures(table, field.name, expressions)) {
    const rows = new Float32Array(pictures.length * width);
    pictures.forEach((picture, index) => fitPicture(picture, field, rows, index * width));
    yield { rows, count: pictures.length, source };
  }
}
