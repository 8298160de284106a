import type { DatabaseOptions } from './duckdb.ts';
import { checkOutput } from './output-file.ts';
import { quoteName } from './sql.ts';
import { openWaitingRows } from './waiting-rows.ts';

export interface WrittenColumn {
  readonly name: string;
  /** SQL over the slots (`slotColumn`), which are FLOAT without nulls. */
  readonly sql: string;
}

export interface RowsWriterOptions extends Pick<DatabaseOptions, 'memoryLimit'> {
  /** Slots of one row. */
  readonly width: number;
  readonly columns: readonly WrittenColumn[];
}

/** Writes packed rows of numbers as columns of any type. Ends with `commit` or `discard`. */
export interface RowsWriter {
  /** The next rows: any number of them, `width` values each. */
  append(rows: Float32Array): void;
  /** Writes the file and puts it in place at once. */
  commit(): Promise<void>;
  /** Forgets the rows; an older file at the path stays as it was. */
  discard(): Promise<void>;
}

/** Rows that are turned into columns at a time: DuckDB's vector size. */
const BLOCK_ROWS = 2048;

/** Name of a slot in `WrittenColumn.sql`. */
export const slotColumn = (slot: number): string => `s${slot}`;

/**
 * Starts a file of rows in bounded memory: the slots wait in a temporary file, and become columns when it is committed.
 * Equal rows give equal bytes. Throws what `checkOutput` throws.
 */
export async function createRowsWriter(path: string, options: RowsWriterOptions): Promise<RowsWriter> {
  const { width, columns } = options;
  const format = checkOutput(path);
  const names = Array.from({ length: width }, (_, slot) => slotColumn(slot));
  const waiting = await openWaitingRows(Object.fromEntries(names.map((name) => [name, 'FLOAT'])), options);
  const block = names.map(() => new Float32Array(BLOCK_ROWS));
  let filled = 0;
  const flush = () => {
    if (filled > 0) waiting.append(block.map((column) => column.subarray(0, filled)));
    filled = 0;
  };
  return {
    append: (rows) => {
      for (let at = 0; at < rows.length; at += width) {
        for (let slot = 0; slot < width; slot++) block[slot]![filled] = rows[at + slot]!;
        if (++filled === BLOCK_ROWS) flush();
      }
    },
    commit: async () => {
      flush();
      const select = columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ');
      await waiting.write(select, path, format);
    },
    discard: () => waiting.discard(),
  };
}
