import { resolve } from 'node:path';
import { fitPicture } from '../../src/models/images/fit-picture.ts';
import { readPictures } from '../../src/models/images/read-images.ts';
import { openTable } from '../../src/tables/table.ts';

export const DIGITS = resolve(import.meta.dirname, '../../../shared/data/mnist/digits.parquet');

/** Raw rows [n, size size] and the digit of each. */
export interface Digits {
  readonly rows: Float32Array;
  readonly classes: readonly number[];
}

/** The digits of a SQL condition, in the order of the file. */
export async function readDigits(size: number, where: string): Promise<Digits> {
  const table = await openTable({ data: [DIGITS], where });
  const width = size ** 2;
  const rows = new Float32Array(table.rowCount * width);
  const classes: number[] = [];
  try {
    for await (const { pictures, source } of readPictures(table, 'image', ['CAST(digit AS VARCHAR)'])) {
      const texts = source.texts(0);
      pictures.forEach((picture, index) => {
        fitPicture(picture, { channels: 1, size }, rows, classes.length * width);
        classes.push(Number(texts[index]));
      });
    }
  } finally {
    await table.close();
  }
  return { rows, classes };
}
