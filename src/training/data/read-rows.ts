import { createRandom, type RandomStream } from '../../base/philox.ts';
import { AristarchError } from '../../base/errors.ts';
import { rawRowChunks } from '../../models/features/raw-rows.ts';
import { rowWidth, type FeatureSchema } from '../../models/features/schema.ts';
import type { Table } from '../../tables/table.ts';

export interface ReadRowsOptions {
  /** More rows than this are sampled down to exactly this many. */
  readonly maxRows: number;
  readonly seed: number | bigint;
}

export interface TrainingRows {
  /** `count * rowWidth(schema)` values. */
  readonly rows: Float32Array;
  readonly count: number;
  readonly rowsInSource: number;
  /** Whether `rows` is a sample. */
  readonly sampled: boolean;
}

/** How many rows fit in a budget of memory, beside nothing else. */
export function rowsWithin(bytes: number, schema: FeatureSchema): number {
  return Math.max(1, Math.floor(bytes / (rowWidth(schema) * Float32Array.BYTES_PER_ELEMENT)));
}

/**
 * Reads the table, or a uniform sample of it, in one pass, in the order of the files. Memory is `maxRows` rows and one
 * chunk. The same table, schema, seed and `maxRows` give the same rows, whatever the number of threads.
 */
export async function readRows(table: Table, schema: FeatureSchema, options: ReadRowsOptions): Promise<TrainingRows> {
  const { maxRows, seed } = options;
  if (!Number.isInteger(maxRows) || maxRows < 1) {
    throw new AristarchError('INVALID_INPUT', `maxRows is ${maxRows}: give a whole number above 0`, { maxRows });
  }
  const width = rowWidth(schema);
  const count = Math.min(maxRows, table.rowCount);
  const rows = new Float32Array(count * width);
  const select = createSelection(table.rowCount, count, createRandom(seed).stream('training rows'));
  let taken = 0;
  for await (const chunk of rawRowChunks(table, schema)) {
    const picked = select(chunk.count);
    copyRows(chunk.rows, picked, chunk.count, rows, taken, width);
    taken += picked?.length ?? chunk.count;
  }
  return { rows, count, rowsInSource: table.rowCount, sampled: count < table.rowCount };
}

/** `picked` undefined: all of them, which is one copy. */
function copyRows(
  from: Float32Array,
  picked: readonly number[] | undefined,
  count: number,
  to: Float32Array,
  taken: number,
  width: number,
): void {
  if (picked === undefined) {
    to.set(from.subarray(0, count * width), taken * width);
    return;
  }
  let at = taken * width;
  for (const index of picked) {
    for (let slot = index * width; slot < (index + 1) * width; slot++) to[at++] = from[slot]!;
  }
}

/**
 * Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): goes through `total` rows in order
 * and picks exactly `count` of them, every subset equally likely. Called with the number of rows that come next, it gives
 * the indices of the picked ones among them; undefined for all.
 */
function createSelection(total: number, count: number, stream: RandomStream): (rows: number) => number[] | undefined {
  let step = 0;
  let left = total;
  let wanted = count;
  return (rows) => {
    if (wanted === left) {
      wanted -= rows;
      left -= rows;
      return undefined;
    }
    const draws = new Float32Array(rows);
    stream.fillUniform(draws, step++);
    const picked: number[] = [];
    for (let index = 0; index < rows; index++, left--) {
      if (draws[index]! * left >= wanted) continue;
      picked.push(index);
      wanted--;
    }
    return picked;
  };
}
