import { AristarchError } from '../base/errors.ts';
import type { DatabaseOptions } from './duckdb.ts';
import { checkOutput } from './output-file.ts';
import { quoteName } from './sql.ts';
import { openWaitingRows } from './waiting-rows.ts';

/** Writes images as a column of bytes. Ends with `commit` or `discard`. */
export interface ImagesWriter {
  append(files: readonly Uint8Array[]): void;
  /** Writes the file and puts it in place at once. */
  commit(): Promise<void>;
  /** Forgets the images; an older file at the path stays as it was. */
  discard(): Promise<void>;
}

/** Refuses a file that cannot hold images: `INVALID_INPUT`, and what `checkOutput` throws. */
export function checkImagesOutput(path: string): void {
  if (checkOutput(path) === 'parquet') return;
  const message = `${path} cannot hold images: give a .parquet, or a .png for a grid of them`;
  throw new AristarchError('INVALID_INPUT', message, { path });
}

/** Starts a Parquet file of images in bounded memory: they wait in a temporary file. Equal images give equal bytes. */
export async function createImagesWriter(
  path: string,
  column: string,
  options: Pick<DatabaseOptions, 'memoryLimit'>,
): Promise<ImagesWriter> {
  checkImagesOutput(path);
  const waiting = await openWaitingRows({ file: 'BLOB' }, options);
  return {
    append: (files) => waiting.append([files]),
    commit: () => waiting.write(`file AS ${quoteName(column)}`, path, 'parquet'),
    discard: () => waiting.discard(),
  };
}
