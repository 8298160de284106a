import { join } from 'node:path';
import { openDatabase, type AppendedColumn, type AppendedType, type DatabaseOptions } from './duckdb.ts';
import { writeQuery, type WrittenFormat } from './output-file.ts';
import { quoteName, quoteText } from './sql.ts';

/** Rows that wait in a temporary file until they are written. Ends with `write` or `discard`. */
export interface WaitingRows {
  append(columns: readonly AppendedColumn[]): void;
  /** Writes what a query selects of them, in order, and puts the file in place at once. */
  write(select: string, path: string, format: WrittenFormat): Promise<void>;
  /** Forgets the rows; an older file at the path stays as it was. */
  discard(): Promise<void>;
}

/** Opens a table that waits, in bounded memory; where that fails, nothing is left. */
export async function openWaitingRows(
  types: Readonly<Record<string, AppendedType>>,
  { memoryLimit }: Pick<DatabaseOptions, 'memoryLimit'>,
): Promise<WaitingRows> {
  // One thread: how Parquet's row groups are cut must not depend on the machine.
  const database = await openDatabase({ threads: 1, ...(memoryLimit !== undefined && { memoryLimit }) });
  try {
    await database.run(`ATTACH ${quoteText(join(database.folder, 'rows.duckdb'))} AS waiting`);
    const columns = Object.entries(types).map(([name, type]) => `${quoteName(name)} ${type}`);
    await database.run(`CREATE TABLE waiting.rows (${columns.join(', ')})`);
    const appender = await database.openAppender('rows', 'waiting', Object.values(types));
    return {
      append: (part) => appender.append(part),
      write: async (select, path, format) => {
        try {
          appender.close();
          await writeQuery(database, `SELECT ${select} FROM waiting.rows`, path, format);
        } finally {
          await database.close();
        }
      },
      discard: async () => {
        appender.close();
        await database.close();
      },
    };
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}
