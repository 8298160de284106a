import { join } from 'node:path';
import { AristarchError } from '../base/errors.ts';
import { openDatabase, type DatabaseOptions } from './duckdb.ts';
import { checkOutput, writeQuery } from './output-file.ts';
import { quoteName, quoteText } from './sql.ts';

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
  { memoryLimit }: Pick<DatabaseOptions, 'memoryLimit'>,
): Promise<ImagesWriter> {
  checkImagesOutput(path);
  const database = await openDatabase({ threads: 1, ...(memoryLimit !== undefined && { memoryLimit }) });
  await database.run(`ATTACH ${quoteText(join(database.folder, 'images.duckdb'))} AS waiting`);
  await database.run('CREATE TABLE waiting.images (file BLOB)');
  const appender = await database.openAppender('images', 'waiting', ['BLOB']);
  return {
    append: (files) => appender.append([files]),
    commit: async () => {
      appender.close();
      try {
        await writeQuery(database, `SELECT file AS ${quoteName(column)} FROM waiting.images`, path, 'parquet');
      } finally {
        await database.close();
      }
    },
    discard: async () => {
      appender.close();
      await database.close();
    },
  };
}
