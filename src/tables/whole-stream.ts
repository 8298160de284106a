import { AristarchError } from '../base/errors.ts';
import type { Chunk } from './duckdb.ts';
import { toRowError, type FaultSource } from './fault-row.ts';

export interface StreamSource extends FaultSource {
  /** Rows that must come. */
  readonly rowCount: number;
}

/**
 * Streams SQL expressions over `data`, and makes sure that all rows come: DuckDB's client ends a stream that meets a fault
 * (a value that cannot be converted, late in a file) as if the rows were at an end, without a word. Where rows are lacking,
 * the fault is brought about once more in a query that reports it.
 */
export async function* streamWhole(source: StreamSource, expressions: readonly string[]): AsyncGenerator<Chunk> {
  const { db, rowCount, files } = source;
  let seen = 0;
  try {
    for await (const chunk of db.stream(`SELECT ${expressions.join(', ')} FROM data`)) {
      seen += chunk.rowCount;
      yield chunk;
    }
    // Every value goes into the hash, so that none is skipped.
    if (seen !== rowCount) await db.rows(`SELECT max(hash(${expressions.join(', ')})) FROM data`);
  } catch (thrown) {
    throw await toRowError(source, expressions, thrown);
  }
  if (seen === rowCount) return;
  const message = `${files.join(', ')} changed while it was read (${rowCount} rows, then ${seen}): wait until it is written, and start again`;
  throw new AristarchError('DATA_UNREADABLE', message, { rowCount, seen });
}
